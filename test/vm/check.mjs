// npm run check:kernels -- [--kernel 6.1]... [--command 'COMMAND'] [--minutes 30]
//
// Runs the Go tests of the kernel programs and the end-to-end tests, or another command, once under
// each kernel. The end-to-end tests count, and refuse skips, as in CI. Times there mean nothing;
// behaviour does.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { goEnvironment, root } from '../setup/go.mjs';
import { Refusal, entry, must, say } from '../setup/say.mjs';
import { bootAndRun } from './boot.mjs';
import { SERIES, kernelOf } from './kernels.mjs';

/** The Go tests arrive compiled: a compiler under emulation takes minutes. */
const GO_TESTS = '.build/bpf.test';
const COMMAND = `(cd bpf && ../${GO_TESTS} -test.timeout=10m); attached=$?
node --import tsx test/run/main.ts "vitest e2e" && [ $attached = 0 ]`;

const { values: options } = parseArgs({
  options: {
    kernel: { type: 'string', multiple: true, default: Object.keys(SERIES) },
    command: { type: 'string', default: COMMAND },
    minutes: { type: 'string', default: '30' },
  },
});

function environment() {
  const { PATH = '', HOME = '/root' } = goEnvironment();
  return { PATH, HOME, LANG: 'C.UTF-8', TERM: 'dumb', NO_COLOR: '1', CI: 'true', HOPLENS_EMULATED: '1' };
}

/**
 * @param {string} series
 * @returns {Promise<'passed' | 'failed' | 'skipped'>}
 */
async function check(series) {
  const kernel = await kernelOf(series).catch((error) => {
    if (!(error instanceof Refusal)) throw error;
    return say(`kernel ${series}: skipped: ${error.message}`);
  });
  if (!kernel) return 'skipped';
  say(`kernel ${kernel.release}: ${options.command === COMMAND ? 'Go tests and end-to-end tests' : options.command}`);
  const onLine = (/** @type {string} */ line) => say(`${series} | ${line}`);
  const limitMs = Number(options.minutes) * 60_000;
  const { code, how } = await bootAndRun({
    kernel,
    folder: root,
    command: options.command,
    environment: environment(),
    limitMs,
    onLine,
  });
  say(`kernel ${kernel.release}: ${how === 'ended' ? `exit code ${code}` : how}`);
  return code === 0 ? 'passed' : 'failed';
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => process.exit(130));

await entry(async () => {
  const unknown = options.kernel.find((series) => !SERIES[series]);
  if (unknown) throw new Refusal(`kernel ${unknown} is none of ${Object.keys(SERIES).join(', ')}.`);
  must('go', ['test', '-c', '-o', join(root, GO_TESTS), '.'], { cwd: join(root, 'bpf'), env: goEnvironment() });
  /** @type {string[]} */
  const results = [];
  for (const series of options.kernel) results.push(await check(series));
  const count = (/** @type {string} */ result) => results.filter((each) => each === result).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  if (count('failed') > 0) process.exitCode = 1;
});
