// npm run check:kernels -- [--kernel 6.1]... [--tests FILE or FOLDER]... [--command 'COMMAND'] [--minutes 90]
//
// Runs the Go tests of the kernel programs and the end-to-end tests, or some test files, or another
// command, under each kernel in one boot. The tests count, and refuse skips, as in CI. Times there
// mean nothing; behaviour does.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { goEnvironment, root } from '../setup/go.mjs';
import { Refusal, entry, must, say } from '../setup/say.mjs';
import { bootAndRun } from './boot.mjs';
import { SERIES, kernelOf } from './kernels.mjs';

const { values: options } = parseArgs({
  options: {
    kernel: { type: 'string', multiple: true, default: Object.keys(SERIES) },
    tests: { type: 'string', multiple: true, default: [] },
    command: { type: 'string' },
    minutes: { type: 'string', default: '90' },
  },
});
const command = options.command ?? ['node --import tsx test/vm/inside.ts', ...options.tests].join(' ');

/** The Go tests and what counts them, for the guest: a compiler under emulation takes minutes. */
function compile() {
  const how = { cwd: join(root, 'bpf'), env: goEnvironment() };
  must('go', ['test', '-c', '-o', join(root, '.build/bpf.test'), '.'], how);
  must('go', ['build', '-o', join(root, '.build/test2json'), 'cmd/test2json'], how);
}

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
  say(`kernel ${kernel.release}: ${command}`);
  const startMs = performance.now();
  const onLine = (/** @type {string} */ line) => say(`${series} | ${line}`);
  const limitMs = Number(options.minutes) * 60_000;
  const { code, how } = await bootAndRun({
    kernel,
    folder: root,
    command,
    environment: environment(),
    limitMs,
    onLine,
  });
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  say(`kernel ${kernel.release}: ${how === 'ended' ? `exit code ${code}` : how} (${minutes} min)`);
  return code === 0 ? 'passed' : 'failed';
}

await entry(async () => {
  const unknown = options.kernel.find((series) => !SERIES[series]);
  if (unknown) throw new Refusal(`kernel ${unknown} is none of ${Object.keys(SERIES).join(', ')}.`);
  compile();
  /** @type {string[]} */
  const results = [];
  for (const series of options.kernel) results.push(await check(series));
  const count = (/** @type {string} */ result) => results.filter((each) => each === result).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  if (count('failed') > 0) process.exitCode = 1;
});
