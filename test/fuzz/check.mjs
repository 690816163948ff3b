// npm run check:fuzz -- [--minutes 10] [--seed N]
//
// Runs mutated packets through every kernel program for so long (bpf/programs_mutated_test.go says what must hold of each).
// `npm test` does the same with a fixed number of them. Without --seed each run has other packets; the seed is printed.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { goEnvironment, root } from '../setup/go.mjs';
import { Refusal, entry, must, say } from '../setup/say.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
  },
});
const binary = join(root, '.build/bpf.test');

await entry(() => {
  const minutes = Number(options.minutes);
  if (!(minutes > 0)) throw new Refusal(`--minutes is a number of minutes, not "${options.minutes}".`);
  must('go', ['test', '-c', '-o', binary, '.'], { cwd: join(root, 'bpf'), env: goEnvironment() });
  say(`${minutes} minutes of mutated packets, seed ${options.seed}`);
  const flags = ['-test.run=^TestMutatedPackets$', '-test.v', `-test.timeout=${Math.ceil(minutes + 5)}m`];
  const run = [...flags, `-mutate=${minutes}m`, `-seed=${options.seed}`];
  const { status } = spawnSync(binary, run, { cwd: join(root, 'bpf'), stdio: 'inherit' });
  process.exitCode = status === 0 ? 0 : 1;
});
