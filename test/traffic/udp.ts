import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficOptions } from './options.ts';
import { pace } from './pace.ts';
import { spread, type Spread } from './spread.ts';

export interface UdpSummary {
  kind: 'udp';
  sent: number;
  replied: number;
  duplicates: number;
  /** Datagrams without reply: the first hundred of their numbers, and how many. */
  missing: number[];
  missingCount: number;
  roundTrip: Spread;
}

/** One line of `--each`: the datagram's number and when it was sent (CLOCK_MONOTONIC, as records have it). */
export interface DatagramReport {
  number: number;
  sentNs: string;
  roundTripNs: number | null;
}

/*
 * A datagram begins with its number (64 bits, big-endian), 'Q' or 'A' for request or reply, and seven bytes of the
 * client's own: no two datagrams of a run have the same beginning, which is what hoplens tells them apart by.
 */
const kindOffset = 8;
const tagOffset = 9;
const headerBytes = 16;

/** Sends every request back as a reply. */
export function udpServer(family: 'udp4' | 'udp6'): Socket {
  const socket = createSocket(family);
  socket.on('message', (datagram, from) => {
    if (datagram.length < headerBytes || datagram[kindOffset] !== 0x51) return;
    datagram[kindOffset] = 0x41;
    socket.send(datagram, from.port, from.address);
  });
  return socket;
}

/** `each` gets a report of every datagram, those without reply last. */
export async function udpClient(
  options: TrafficOptions,
  signal: AbortSignal,
  each?: (report: DatagramReport) => void,
): Promise<UdpSummary> {
  const socket = createSocket(isIPv6(options.to) ? 'udp6' : 'udp4');
  const tag = randomBytes(headerBytes - tagOffset);
  const open = new Map<number, bigint>();
  const roundTripsMs: number[] = [];
  let sent = 0;
  let duplicates = 0;
  socket.on('error', () => undefined); // an ICMP error is a missing reply
  socket.on('message', (datagram) => {
    const nowNs = process.hrtime.bigint();
    if (datagram.length < headerBytes || !tag.equals(datagram.subarray(tagOffset, headerBytes))) return;
    const number = Number(datagram.readBigUInt64BE(0));
    const sentNs = open.get(number);
    if (sentNs === undefined) {
      duplicates++;
      return;
    }
    open.delete(number);
    roundTripsMs.push(Number(nowNs - sentNs) / 1e6);
    each?.({ number, sentNs: String(sentNs), roundTripNs: Number(nowNs - sentNs) });
  });
  await new Promise<void>((resolve) => socket.connect(options.port, options.to, resolve));
  await pace(options.rate, signal, () => {
    const datagram = Buffer.alloc(options.bytes);
    datagram.writeBigUInt64BE(BigInt(++sent), 0);
    datagram[kindOffset] = 0x51;
    tag.copy(datagram, tagOffset);
    open.set(sent, process.hrtime.bigint());
    socket.send(datagram, () => undefined);
  });
  for (const deadline = Date.now() + 1000; open.size > 0 && Date.now() < deadline;) await sleep(5);
  socket.close();
  for (const [number, sentNs] of open) each?.({ number, sentNs: String(sentNs), roundTripNs: null });
  const missing = [...open.keys()].slice(0, 100);
  const replied = roundTripsMs.length;
  return { kind: 'udp', sent, replied, duplicates, missing, missingCount: open.size, roundTrip: spread(roundTripsMs) };
}
