import { spawn } from 'node:child_process';
import type { TrafficOptions } from './options.ts';
import { spread, type Spread } from './spread.ts';

export interface PingSummary {
  kind: 'ping';
  sent: number;
  replied: number;
  duplicates: number;
  roundTrip: Spread;
}

/** iputils' ping, told by SIGINT to end with its count. */
export async function pingClient(options: TrafficOptions, signal: AbortSignal): Promise<PingSummary> {
  const argv = ['-n', '-i', String(1 / options.rate), '-s', String(options.bytes), '-W', '1', options.to];
  const child = spawn('ping', argv, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LC_ALL: 'C' } });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const end = () => child.kill('SIGINT');
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`ping cannot be run: ${error.message}`)));
    child.on('close', () => resolve());
  });
  return parsePing(output);
}

/** @throws Error if ping ended before it could count */
export function parsePing(output: string): PingSummary {
  const [, sent] = /^(\d+) packets transmitted/m.exec(output) ?? [];
  if (sent === undefined) throw new Error('ping ended without a count');
  const replies = [...output.matchAll(/time[=<]([\d.]+) ms(.*)/g)];
  const first = replies.filter(([, , rest]) => !rest.includes('DUP'));
  return {
    kind: 'ping',
    sent: Number(sent),
    replied: first.length,
    duplicates: replies.length - first.length,
    roundTrip: spread(first.map(([, time]) => Number(time))),
  };
}
