/** What /proc says of time, memory and packets. */
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The unit of /proc/stat, the same on every architecture that we run on. */
const TICK_NS = 1e7;

export interface MachineTime {
  timeNs: number;
  /** Of all CPUs together. */
  notBusyNs: number;
}

/**
 * Idle time is exact on kernels that stop the tick when idle; the busy kinds are sampled by the tick. What the
 * hypervisor took for others is not our work either.
 */
export function idleTicks(stat: string): number {
  const [, , , , idle, iowait, , , steal = 0] = stat.split('\n')[0].split(/\s+/).map(Number);
  return idle + iowait + steal;
}

export function machineTime(): MachineTime {
  const notBusyNs = idleTicks(readFileSync('/proc/stat', 'utf8')) * TICK_NS;
  return { timeNs: performance.now() * 1e6, notBusyNs };
}

/** CPU time that the machine spent in between, whoever for: user, system, interrupts. */
export function busyNs(from: MachineTime, to: MachineTime, cpus = availableParallelism()): number {
  return cpus * (to.timeNs - from.timeNs) - (to.notBusyNs - from.notBusyNs);
}

/** CPU time of a process with all its threads in nanoseconds, exact; threads that ended are missing. */
export function processCpuNs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder)
    .map((thread) => Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, each) => sum + each, 0);
}

export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/** Packets that devices received, in the network namespace of a process. `devices` is the text of /proc/net/dev. */
export function receivedPackets(devices: string, name: string): number {
  const line = devices.split('\n').find((each) => each.trim().startsWith(`${name}:`));
  if (line === undefined) throw new Error(`there is no device ${name}`);
  return Number(line.slice(line.indexOf(':') + 1).trim().split(/\s+/)[1]); // prettier-ignore
}

export const receivedIn = (pid: number, name: string): number =>
  receivedPackets(readFileSync(`/proc/${pid}/net/dev`, 'utf8'), name);
