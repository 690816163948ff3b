// Runs before anything of npm is installed: Node's own modules only.
import { spawnSync } from 'node:child_process';

/** A refusal that a user can act on: printed as it is, without a stack. */
export class Refusal extends Error {}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs a program to its end and keeps what it prints.
 * @param {string} program
 * @param {string[]} options
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [where]
 * @returns {{ ok: boolean, out: string, all: string }} `all` is stdout followed by stderr
 */
export function capture(program, options, where = {}) {
  const result = spawnSync(program, options, { ...where, encoding: 'utf8', maxBuffer: 1 << 28 });
  const failure = result.error ? `${result.error.message}\n` : '';
  return {
    ok: result.status === 0,
    out: result.stdout ?? '',
    all: `${result.stdout ?? ''}${result.stderr ?? ''}${failure}`,
  };
}

/**
 * As `capture`, but a failure ends with the last lines that the program printed.
 * @param {string} program
 * @param {string[]} options
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [where]
 * @returns {string} what it printed on stdout
 */
export function must(program, options, where = {}) {
  const { ok, out, all } = capture(program, options, where);
  if (ok) return out;
  const tail = all.trimEnd().split('\n').slice(-20).join('\n  ');
  throw new Refusal(`${program} ${options.join(' ')} failed:\n  ${tail}`);
}

/**
 * Says what is done, does it, and says how long it took.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function timed(what, work) {
  const startMs = performance.now();
  process.stderr.write(`${what} ...`);
  try {
    const result = await work();
    say(` ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    say(' failed');
    throw error;
  }
}

/**
 * Runs `main`, prints a refusal as one message, and sets the exit code.
 * @param {() => void | Promise<void>} main
 */
export async function entry(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
