// npm test [-- STEP...]: installs and builds what is missing, then runs the steps whose names
// contain one of the given words, or all. The last line printed is `N passed, N failed, N skipped`.
import { runNode } from './setup/run.mjs';

// One stream for everything: two would not keep their order, and the count comes last.
const run = (/** @type {string[]} */ ...words) => runNode(words, ['ignore', 1, 1]);

if ((await run('test/setup/prepare.mjs', 'test')) || (await run('test/setup/build.mjs'))) {
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
} else {
  process.exitCode = await run('--import', 'tsx', 'test/run/main.ts', ...process.argv.slice(2));
}
