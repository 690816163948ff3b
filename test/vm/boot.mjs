// Boots a kernel under software emulation with this machine's root as its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { consoleReader, guestScript } from './guest.mjs';
import { makeInitramfs } from './initramfs.mjs';

/**
 * The guest's clock counts its own instructions, two nanoseconds each, and real time only while it sleeps: it is a
 * slow machine with nobody else on it, however slow emulation is and whatever else this machine does. On a clock that
 * runs on, nodes fall silent for seconds. One processor: several would take turns, and spin until theirs is over.
 */
const PROCESSOR = ['-accel', 'tcg', '-icount', 'shift=1', '-smp', '1'];
const MACHINE = ['-m', '4096', '-nographic', '-no-reboot', '-nic', 'none'];
const ROOT = 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap';
const CONSOLE = 'console=ttyS0 quiet loglevel=1 panic=-1';

/**
 * @typedef {object} Outcome
 * @property {number | undefined} code the command's exit code; undefined when it never ended
 * @property {'ended' | 'timeout' | 'died'} how
 */

// A signal ends a process without coming by its `finally` or its exit handlers: guests and their files would stay.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => process.exit(130));

/**
 * The guest writes to a layer in memory: nothing that it does stays.
 * @param {object} run
 * @param {import('./kernels.mjs').Kernel} run.kernel
 * @param {string} run.folder where the command runs
 * @param {string} run.command shell text
 * @param {Record<string, string>} run.environment
 * @param {number} run.limitMs
 * @param {(line: string) => void} run.onLine each line of the console
 * @returns {Promise<Outcome>}
 */
export async function bootAndRun(run) {
  const work = mkdtempSync(join(tmpdir(), 'hoplens-vm-'));
  const remove = () => rmSync(work, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const initramfs = makeInitramfs(work, run.kernel, guestScript(run));
    return await watch(startQemu(run.kernel.image, initramfs), run.limitMs, run.onLine);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** @param {string} image @param {string} initramfs */
function startQemu(image, initramfs) {
  const files = ['-kernel', image, '-initrd', initramfs, '-append', CONSOLE, '-virtfs', ROOT];
  const qemu = spawn('qemu-system-x86_64', [...PROCESSOR, ...MACHINE, ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => qemu.kill('SIGKILL'));
  return qemu;
}

/**
 * @param {import('node:child_process').ChildProcess} qemu
 * @param {number} limitMs
 * @param {(line: string) => void} onLine
 * @returns {Promise<Outcome>}
 */
function watch(qemu, limitMs, onLine) {
  return new Promise((resolve, reject) => {
    /** @type {Outcome} */
    const outcome = { code: undefined, how: 'died' };
    const timer = setTimeout(() => {
      outcome.how = 'timeout';
      qemu.kill('SIGKILL');
    }, limitMs);
    const reader = consoleReader(onLine, (code) => Object.assign(outcome, { code, how: 'ended' }));
    createInterface({ input: /** @type {import('node:stream').Readable} */ (qemu.stdout) }).on('line', reader);
    qemu.on('error', reject);
    qemu.on('close', () => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
}
