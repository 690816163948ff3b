// npm test [-- STEP...]: installs and builds what is missing, then runs the steps whose names
// contain one of the given words, or all. The last line printed is `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string[]} words */
function node(...words) {
  // One stream for everything: two would not keep their order, and the count comes last.
  return spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 1, 1] }).status ?? 1;
}

const before = [['test/setup/prepare.mjs', 'test'], ['test/setup/build.mjs']];
if (before.every((words) => node(...words) === 0)) {
  process.exitCode = node('--import', 'tsx', 'test/run/main.ts', ...process.argv.slice(2));
} else {
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}
