// npm run check:fresh -- [--suite trixie] [--working-tree] [--keep] [--command 'npm test']
//
// Runs the demo, or another command, from a fresh clone on a fresh Debian: what somebody sees who
// has Node and git and types the two lines of the README. Exits as that command does.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../setup/go.mjs';
import { entry, say, timed } from '../setup/say.mjs';
import { bootstrap, commandIn, copyRepository, remove } from './machine.mjs';

const { values: options } = parseArgs({
  options: {
    suite: { type: 'string', default: 'bookworm' },
    command: { type: 'string', default: 'npm run demo -- --for 20s --json' },
    'working-tree': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

/**
 * @param {string} folder
 * @returns {Promise<number>} the command's exit code
 */
function runIn(folder) {
  const [program, words] = commandIn(folder, options.command);
  const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  // The terminal's Ctrl-C reaches the child too; we stay to clean up behind it.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

await entry(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hoplens-fresh-'));
  try {
    await timed(`making a fresh Debian (${options.suite})`, () => bootstrap(folder, options.suite));
    copyRepository(root, folder, options['working-tree']);
    say(`running there: ${options.command}`);
    const startMs = performance.now();
    process.exitCode = await runIn(folder);
    say(`ended with ${process.exitCode} after ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  } finally {
    if (options.keep) say(`kept: ${folder}`);
    else remove(folder);
  }
});
