// Helm renders the chart. No Debian has it: where it is not on the path it is built from its Go module, which takes minutes once.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { goEnvironment, root } from './go.mjs';
import { onPath } from './needs.mjs';
import { must, timed } from './say.mjs';

const RELEASE = 'v3.22.0';

/** @returns {Promise<string>} its path */
export async function findHelm() {
  const folder = onPath('helm');
  if (folder) return join(folder, 'helm');
  const bin = join(root, '.build/helm', RELEASE);
  if (!existsSync(join(bin, 'helm'))) {
    const env = { ...goEnvironment(), GOBIN: bin, CGO_ENABLED: '0' };
    const build = () => must('go', ['install', '-trimpath', `helm.sh/helm/v3/cmd/helm@${RELEASE}`], { env, cwd: '/' });
    await timed(`building Helm ${RELEASE} from its Go module`, build);
  }
  return join(bin, 'helm');
}
