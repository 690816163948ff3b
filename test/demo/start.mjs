// `npm run demo`: prepares, builds and starts the demo. The recorded session (--replay) needs neither root nor Go, so
// it is prepared on its own. Plain JavaScript: nothing is installed yet.
import { runNode } from '../setup/run.mjs';

const words = process.argv.slice(2);
const goal = words.includes('--replay') ? 'replay' : 'demo';

const prepared = (await runNode(['test/setup/prepare.mjs', goal])) || (await runNode(['test/setup/build.mjs', goal]));
// Behind a Ctrl-C nothing is missing.
if (prepared !== 0 && prepared < 128 && goal === 'demo') {
  process.stderr.write('npm run demo -- --replay shows a recorded session of it; that needs neither root nor Go\n');
}
process.exitCode = prepared || (await runNode(['.build/demo.mjs', ...words]));
