// Compiles the kernel programs again and writes the Go code that loads them: bpf2go, by bpf/gen.go.
import { join } from 'node:path';
import { goEnvironment, root } from './go.mjs';
import { entry, must, timed } from './say.mjs';

await entry(async () => {
  const run = () => must('go', ['generate', './...'], { cwd: join(root, 'bpf'), env: goEnvironment() });
  await timed('compiling the kernel programs', async () => run());
});
