// Finds a Go that is new enough, or gets one as a module: Debian 12 and 13 have 1.19 and 1.24, the
// modules here want more, and since 1.21 every release is also the module golang.org/toolchain.
// Even 1.19 downloads it and checks it against Go's checksum database; only the executable bits
// are missing then.
import { chmodSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { capture, must, timed } from './say.mjs';
import { onPath } from './needs.mjs';

/** What is downloaded where no Go is new enough. */
const RELEASE = '1.26.8';
const ARCHITECTURES = /** @type {Record<string, string>} */ ({ x64: 'amd64', arm64: 'arm64' });

export const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
export const modules = ['bpf', 'test/wire', 'test/numbered'];

/** `local`: the Go that was found is the one that runs, and none is fetched behind our back. */
const env = { ...process.env, GOTOOLCHAIN: 'local' };

/** The newest `go` directive of our modules. */
function wanted() {
  const versions = modules.map((folder) => {
    const text = readFileSync(join(root, folder, 'go.mod'), 'utf8');
    return /^go (\S+)/m.exec(text)?.[1] ?? '1.0';
  });
  return versions.sort((a, b) => (atLeast(a, b) ? -1 : 1))[0] ?? '1.0';
}

/**
 * @param {string} version such as 1.25.0 or 1.26rc1
 * @param {string} least
 */
export function atLeast(version, least) {
  const numbers = (/** @type {string} */ text) => (text.match(/\d+/g) ?? []).map(Number);
  const [have, want] = [numbers(version), numbers(least)];
  const differs = [0, 1, 2].find((place) => (have[place] ?? 0) !== (want[place] ?? 0));
  return differs === undefined || (have[differs] ?? 0) > (want[differs] ?? 0);
}

/** @param {string} folder */
function versionIn(folder) {
  const { ok, out } = capture(join(folder, 'go'), ['version'], { env, cwd: '/' });
  return ok ? /go version go(\S+)/.exec(out)?.[1] : undefined;
}

/** @param {string} anyGo folder of any `go` */
function toolchainFolder(anyGo) {
  const cache = must(join(anyGo, 'go'), ['env', 'GOMODCACHE'], { env, cwd: '/' }).trim();
  return join(cache, `golang.org/toolchain@${moduleVersion()}`, 'bin');
}

function moduleVersion() {
  return `v0.0.1-go${RELEASE}.linux-${ARCHITECTURES[process.arch] ?? process.arch}`;
}

/**
 * @returns {{ good: string | undefined, any: string | undefined }} folders: one of a Go that is new
 *   enough, and one of whatever Go there is
 */
export function findGo() {
  const candidates = [onPath('go'), '/usr/local/go/bin'].filter((folder) => folder && existsSync(join(folder, 'go')));
  const any = candidates[0];
  const good = candidates.find((folder) => folder && atLeast(versionIn(folder) ?? '0', wanted()));
  if (good || !any) return { good, any };
  const fetched = toolchainFolder(any);
  return { good: versionIn(fetched) ? fetched : undefined, any };
}

/** @param {string} anyGo folder of a Go that is too old */
export async function fetchGo(anyGo) {
  const name = `golang.org/toolchain@${moduleVersion()}`;
  await timed(`fetching Go ${RELEASE} as a Go module (${versionIn(anyGo)} here is older than ${wanted()})`, () => {
    must(join(anyGo, 'go'), ['mod', 'download', name], { env, cwd: '/' });
    makeExecutable(toolchainFolder(anyGo));
  });
}

/** A module archive holds no executable bits. @param {string} bin */
function makeExecutable(bin) {
  const tools = join(dirname(bin), 'pkg/tool');
  const folders = [bin, ...readdirSync(tools).map((platform) => join(tools, platform))];
  for (const folder of folders) for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o755);
}

/**
 * The environment in which `go` and `gofmt` are the right ones.
 * @returns {NodeJS.ProcessEnv}
 */
export function goEnvironment() {
  const { good } = findGo();
  return good ? { ...env, PATH: `${good}${delimiter}${process.env.PATH}` } : env;
}
