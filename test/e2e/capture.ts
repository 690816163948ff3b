/** tcpdump in a pod, and what it caught: the truth about which packet carried which numbers. */
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../lab/index.ts';
import { parseHeaders } from './matrix/headers.ts';
import { readFrames } from './matrix/packets.ts';
import { until } from './support.ts';

/** A TCP segment or UDP datagram as the pod's own eth0 had it, before or after any cutting and merging. */
export interface Caught {
  protocol: 6 | 17;
  sourcePort: number;
  destinationPort: number;
  /** TCP: sequence number of the first byte; UDP: IPv4 id, 0 on IPv6. */
  sequence: number;
  /** Bytes behind the transport header. */
  length: number;
  /** TCP: TSval. */
  timestamp: number | undefined;
  /** The first of them. */
  payload: Buffer;
}

/** Ethernet, IPv6 and TCP with timestamps are 86 bytes: enough is left for nine of the stream's counters. */
const SNAP_BYTES = 160;

/** Starts to capture TCP and UDP of a pod; the result ends it. */
export async function startCapture(lab: Lab, pod: string): Promise<() => Promise<Caught[]>> {
  const end = await captureFile(lab, pod, [...AT_ONCE, '-s', String(SNAP_BYTES), 'tcp', 'or', 'udp']);
  return async () => parseCapture(await end());
}

/** tcpdump is woken by every packet, and its file is whole at once; each packet waits for that. */
export const AT_ONCE = ['-U', '--immediate-mode'];

/** Starts tcpdump in a pod, or on a node, with more words of its own; the result ends it and gives the file. */
export async function captureFile(
  lab: Lab,
  where: string,
  words: string[],
  device = 'eth0',
): Promise<() => Promise<Buffer>> {
  const folder = mkdtempSync(join(tmpdir(), 'hoplens-capture-'));
  const file = join(folder, 'packets.pcap');
  // Packets of 64 KiB come in bursts: a buffer of 64 MiB. As root, for it could not write into our folder otherwise.
  const how = ['-B', '65536', '--time-stamp-precision=nano', '-Z', 'root'];
  const argv = ['tcpdump', '-n', '-i', device, ...how, '-w', file, ...words];
  const child = lab.spawn(where, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let caught: number;
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('close', () => reject(new Error(`tcpdump in ${where} ended: ${said}`)));
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('listening on')) resolve();
      });
    });
    caught = openSync(file, 'r');
  } finally {
    // Both have it open, and nothing is left whatever becomes of them.
    rmSync(folder, { recursive: true });
  }
  let before = '';
  let looks = 0;
  /** tcpdump says where it stands when asked: nothing waits for it in the kernel, and for a while nothing has come. */
  const hasCaughtUp = (): boolean => {
    const [progress = '', captured, received] = [...said.matchAll(PROGRESS)].at(-1) ?? [];
    looks = captured === received && progress === before && progress !== '' ? looks + 1 : 0;
    before = progress;
    child.kill('SIGUSR1');
    return looks === QUIET_LOOKS;
  };
  return async () => {
    try {
      said = '';
      await until(hasCaughtUp);
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
      if (!/\b0 packets dropped by kernel/.test(said))
        throw new Error(`tcpdump in ${where} did not catch all: ${said}`);
      return readFileSync(caught);
    } finally {
      closeSync(caught);
    }
  };
}

const QUIET_LOOKS = 5;
const PROGRESS = /(\d+) packets? captured, (\d+) packets? received by filter/g;

/** Of a file in tcpdump's own format with nanoseconds, of Ethernet. No VLAN, no IPv6 extension headers, no fragments. */
export const parseCapture = (file: Buffer): Caught[] =>
  readFrames(file).flatMap(({ content: frame }) => {
    const ip = parseHeaders(frame);
    return (ip && parseTransport(frame.subarray(ip.content), ip.protocol, ip.length, ip.id)) ?? [];
  });

function parseTransport(bytes: Buffer, protocol: number, length: number, id: number): Caught | undefined {
  if (protocol !== 6 && protocol !== 17) return undefined;
  const headers = protocol === 6 ? (bytes[12] >> 4) * 4 : 8;
  return {
    protocol,
    sourcePort: bytes.readUInt16BE(0),
    destinationPort: bytes.readUInt16BE(2),
    sequence: protocol === 6 ? bytes.readUInt32BE(4) : id,
    length: length - headers,
    timestamp: protocol === 6 ? timestampOf(bytes.subarray(20, headers)) : undefined,
    payload: bytes.subarray(headers, headers + Math.min(length - headers, bytes.length)),
  };
}

function timestampOf(options: Buffer): number | undefined {
  for (let at = 0; at + 10 <= options.length; at += options[at] === 1 ? 1 : options[at + 1]) {
    if (options[at] === 8) return options.readUInt32BE(at + 2);
    if (options[at] === 0) break;
  }
  return undefined;
}

/**
 * Where in the numbered stream (test/traffic/numbers.ts) these bytes stand: their own counters say it, whatever the
 * sequence numbers are. Undefined where there are not three of them.
 */
export function streamOffset(payload: Buffer): number | undefined {
  for (let skip = 0; skip < 8 && skip + 24 <= payload.length; skip++) {
    const [one, two, three] = [0, 8, 16].map((i) => Number(payload.readBigUInt64BE(skip + i)));
    // No stream of a test is that long: other bytes look like larger numbers.
    if (one % 8 === 0 && one < 2 ** 45 && two === one + 8 && three === one + 16) return one - skip;
  }
  return undefined;
}
