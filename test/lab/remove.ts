import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './error.ts';
import { forgetState, isOrphan, readStates, type LabState } from './state.ts';

const netnsPath = (name: string) => `/run/netns/${name}`;

const standing = (state: LabState) => state.namespaces.filter((name) => existsSync(netnsPath(name)));

/** Processes inside the lab's namespaces: whatever is in there was started there, for nobody else has them. */
export function processesOf(state: LabState): number[] {
  const own = new Set(standing(state).flatMap(inodeOf));
  if (own.size === 0) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && own.has(networkOf(pid)));
}

function inodeOf(name: string): string[] {
  try {
    return [`net:[${statSync(netnsPath(name)).ino}]`];
  } catch {
    return []; // somebody else removes the same orphan
  }
}

function networkOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return ''; // gone, or a zombie
  }
}

function signalAll(state: LabState, signal: NodeJS.Signals): number {
  const pids = processesOf(state);
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // it was faster
    }
  }
  return pids.length;
}

/** Ends the lab's processes, politely for up to `graceMs`, then removes its namespaces and with them every device. */
export async function removeLab(state: LabState, graceMs = 3000): Promise<void> {
  const deadline = Date.now() + graceMs;
  if (signalAll(state, 'SIGTERM') > 0) {
    while (Date.now() < deadline && processesOf(state).length > 0) await sleep(5);
  }
  while (signalAll(state, 'SIGKILL') > 0) await sleep(5);
  deleteNamespaces(state);
}

/** The same at once and without waiting, for a process that is about to end. */
export function removeLabNow(state: LabState): void {
  signalAll(state, 'SIGKILL');
  deleteNamespaces(state);
}

function deleteNamespaces(state: LabState): void {
  const input = standing(state)
    .map((name) => `netns del ${name}\n`)
    .join('');
  // -force: go on behind a name that somebody else removed meanwhile.
  const { stderr } = spawnSync('ip', ['-force', '-batch', '-'], { input, encoding: 'utf8' });
  const left = standing(state);
  if (left.length > 0)
    throw new LabError('failed', `lab ${state.id}: ${left.join(', ')} stay: ${(stderr ?? '').trim()}`);
  forgetState(state.id);
}

/**
 * Removes the labs whose owners ended without doing so, killed for example.
 * @returns their names
 */
export async function removeOrphans(): Promise<string[]> {
  const orphans = readStates().filter(isOrphan);
  for (const state of orphans) await removeLab(state);
  return orphans.map((state) => state.id);
}
