// Runs one of the project's own files as a process of its own, as long as it takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { root } from './go.mjs';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * @param {string[]} words arguments of node, from the repository's root
 * @param {import('node:child_process').StdioOptions} [stdio]
 * @returns {Promise<number>} its exit code; what shells say of one that a signal ended: 128 and the signal
 */
export async function runNode(words, stdio = 'inherit') {
  const child = spawn(process.execPath, words, { cwd: root, stdio });
  // Whoever signals us means what we started; a terminal's Ctrl-C reaches both, and once is enough for it.
  const pass = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, pass);
  const [code, by] = /** @type {[number, null] | [null, NodeJS.Signals]} */ (await once(child, 'exit'));
  for (const signal of SIGNALS) process.off(signal, pass);
  return code ?? 128 + constants.signals[by];
}
