import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { LabError } from './error.ts';

/*
 * What stands on this machine is written down before it is made: one file per lab, so that whoever comes after a
 * crash finds exactly what to remove, and removes nothing else.
 */

export interface LabState {
  id: string;
  topology: string;
  /** Who made it and removes it: gone, the lab is an orphan. null: it stands until somebody takes it down. */
  owner: { pid: number; startTime: string } | null;
  createdMs: number;
  /** All of them, in the order of making. */
  namespaces: string[];
  nodes: { name: string; netns: string; address: string; address6: string }[];
  pods: { name: string; node: string; netns: string; ip: string; ip6: string }[];
}

/** Beside the namespaces it speaks of: both are gone after a restart of the machine. */
export const stateFolder = '/run/hoplens/labs';

const statePath = (id: string) => `${stateFolder}/${id}.json`;

/** Where the wire of a lab writes what it did. */
export const wireLogPath = (id: string) => `${stateFolder}/${id}.wire.jsonl`;

/** Where whoever runs agents in a lab keeps their token: it goes with the lab, however that ends. */
export const agentsFolder = (id: string) => `${stateFolder}/${id}.agents`;

/**
 * Ticks since the machine's start at which a process began, which tells it from a later one with the same number.
 * null if there is none, or only a zombie.
 */
export function processStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in brackets and may contain anything; fields 3 (state) and 22 (start time) follow.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : fields[19];
  } catch {
    return null;
  }
}

export const isOrphan = ({ owner }: LabState) => owner !== null && processStartTime(owner.pid) !== owner.startTime;

/**
 * Writes a new lab down, whole or not at all.
 * @returns false if a lab of that name is written down already
 */
export function reserveState(state: LabState): boolean {
  mkdirSync(stateFolder, { recursive: true, mode: 0o755 });
  const draft = `${statePath(state.id)}.${process.pid}.tmp`;
  writeFileSync(draft, JSON.stringify(state) + '\n');
  try {
    linkSync(draft, statePath(state.id)); // unlike rename it fails if the name is taken
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

export function forgetState(id: string): void {
  rmSync(wireLogPath(id), { force: true });
  rmSync(agentsFolder(id), { recursive: true, force: true });
  rmSync(statePath(id), { force: true });
}

/** All labs written down on this machine, sorted by name. */
export function readStates(): LabState[] {
  let files: string[];
  try {
    files = readdirSync(stateFolder);
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => readState(file.slice(0, -5)) ?? []);
}

/** null if there is none of that name, or none any more. */
export function readState(id: string): LabState | null {
  try {
    return JSON.parse(readFileSync(statePath(id), 'utf8')) as LabState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new LabError('failed', `${statePath(id)} cannot be read: ${(error as Error).message}`);
  }
}
