/** Starts what sends and receives numbered packets (test/numbered). */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import type { Lab } from '../../lab/index.ts';
import type { Cell } from './cells.ts';
import { numberedProgram } from './program.ts';
import { groups, SENDER, targetOf } from './settings.ts';

/** Listens in a pod until the lab is taken down. */
export async function startReceiver(lab: Lab, pod: string, joined: string[] = []): Promise<ChildProcess> {
  const options = joined.flatMap((group) => ['-group', group]);
  const child = lab.spawn(pod, [numberedProgram, 'receive', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout!.setEncoding('utf8');
  const said = await Promise.race([once(child.stdout!, 'data'), once(child, 'close')]);
  if (said[0] !== 'listening\n') throw new Error(`the receiver in ${pod} did not come up: ${String(said[0])}`);
  return child;
}

/** Small segments are many packets, each of which is followed at every hop. */
const bytesPerSecond = { usual: 8_000_000, 700: 2_000_000, 88: 200_000 } as const;

export type Sent = Partial<Record<'tcp' | 'datagrams' | 'others', number>>;

/** Sends what a cell says to the end. */
export async function sendCell(lab: Lab, cell: Cell, forMs: number): Promise<Sent> {
  const flags = [
    ...(cell.mss === 'usual' ? [] : ['-mss', cell.mss]),
    ...(cell.window === 'small' ? ['-small-window'] : []),
    ...(cell.udpSegmentation === 'on' ? ['-gso'] : []),
    ...(cell.udpGro === 'on' ? ['-gro'] : []),
    ...(cell.udpChecksum === 'on' ? [] : ['-no-checksum']),
  ];
  const rate = ['-bytes-per-second', String(bytesPerSecond[cell.mss])];
  const kinds = ['-tcp', cell.tcp, '-datagrams', cell.datagrams, '-others', cell.others, '-flows', cell.flows];
  const where = ['-to', targetOf(lab, cell), '-group', groups[cell.family], '-for', `${forMs}ms`];
  const { stdout } = await lab.exec(SENDER, [numberedProgram, 'send', ...where, ...kinds, ...rate, ...flags]);
  return JSON.parse(stdout) as Sent;
}
