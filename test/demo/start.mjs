// `npm run demo`: prepares, builds and starts the demo. The recorded session (--replay) needs neither root nor Go, so
// it is prepared on its own. Plain JavaScript: nothing is installed yet.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const words = process.argv.slice(2);
const goal = words.includes('--replay') ? 'replay' : 'demo';

/** @param {string} path @param {string[]} args @returns {Promise<number>} its exit code */
async function run(path, args) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  // Whoever signals us means what we started; a terminal's Ctrl-C reaches both, and once is enough for it.
  const pass = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, pass);
  const [code] = /** @type {[number | null]} */ (await once(child, 'exit'));
  for (const signal of signals) process.off(signal, pass);
  return code ?? 1;
}

const prepared = (await run('test/setup/prepare.mjs', [goal])) || (await run('test/setup/build.mjs', [goal]));
if (prepared !== 0 && goal === 'demo') {
  process.stderr.write('npm run demo -- --replay shows a recorded session of it; that needs neither root nor Go\n');
}
process.exitCode = prepared || (await run('.build/demo.mjs', words));
