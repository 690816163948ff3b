/** Which packets tell about the clocks: one that left a node once and came to another once, and was seen by us whole. */
import { isIpv4 } from './addresses.ts';
import type { Clocks, Sample } from './clocks.ts';
import { ETHERNET_BYTES, IPV4_BYTES, IPV6_BYTES, TCP_BYTES } from './header-bytes.ts';
import type { LegsFrame } from './legs-frame.ts';
import { frameOfLeg, type Pool } from './pool.ts';
import { isBlind, Role } from './streams.ts';
import { Direction, Kind, isDrop } from './words.ts';

/** A missing record could make the second sending look like the first. */
const MARGIN_NS = 50e6;

const TIMESTAMP_BYTES = 12;

/** Handed over anew for each packet. */
const sample: Sample = { from: 0, to: 0, sentNs: 0, receivedNs: 0, errorNs: 0, strong: false };

/**
 * Hands an entry's time on the wire to the clocks if it serves. Marks and SYNs, and pings and UDP of one packet: in an
 * idle cluster there is nothing else (clocks.ts). Exactly one leg on each of two nodes, each of one record per hop.
 */
export function sampleClocks(pool: Pool, entry: number, clocks: Clocks): void {
  const slot = entry & pool.entryMask;
  if (pool.legsOf[slot] !== 2) return;
  const leg = pool.lastLeg[slot];
  const other = pool.legPrevious[leg & pool.legMask];
  if (!tryPair(pool, leg, other, clocks)) tryPair(pool, other, leg, clocks);
}

function tryPair(pool: Pool, sent: number, received: number, clocks: Clocks): boolean {
  const from = frameOfLeg(pool, sent);
  const to = frameOfLeg(pool, received);
  if (from.stream.node === to.stream.node || from.stream.isOver || to.stream.isOver) return false;
  const first = pool.legFirst[sent & pool.legMask];
  const last = lastHop(from, first, first + pool.legCount[sent & pool.legMask] - 1);
  const row = pool.legFirst[received & pool.legMask];
  const end = row + pool.legCount[received & pool.legMask] - 1;
  if (!isOutside(from, last, leaving) || !isOutside(to, row, coming)) return false;
  if (!serves(from, last) || repeats(from, first, last) || repeats(to, row, end)) return false;
  const sentNs = from.baseNs + from.timeNs[last];
  const receivedNs = to.baseNs + to.timeNs[row];
  if (isBlind(from.stream, sentNs - MARGIN_NS, sentNs + MARGIN_NS)) return false;
  if (isBlind(to.stream, receivedNs - MARGIN_NS, receivedNs + MARGIN_NS)) return false;
  sample.from = from.stream.node;
  sample.to = to.stream.node;
  sample.sentNs = from.stream.rawLine.toRaw(sentNs);
  sample.receivedNs = to.stream.rawLine.toRaw(receivedNs);
  sample.errorNs = from.stream.rawLine.errorNs(sentNs) + to.stream.rawLine.errorNs(receivedNs);
  sample.strong = isStrong(from, last);
  clocks.sample(sample);
  return true;
}

/** Where the uplink's queue is watched its driver is nearer to the wire. */
const leaving: readonly number[] = [Direction.egress, Direction.transmit];
const coming: readonly number[] = [Direction.ingress, Direction.receive];

const isOutside = (frame: LegsFrame, row: number, directions: readonly number[]): boolean =>
  directions.includes(frame.direction[row]) && frame.stream.devices.get(frame.ifindex[row])?.role === Role.outside;

/** Records of drops are no hops. */
function lastHop(frame: LegsFrame, first: number, last: number): number {
  let row = last;
  while (row > first && isDrop(frame.direction[row])) row--;
  return row;
}

/** A repetition within the join window that we missed cannot look like the same packet: a SYN, or TCP with timestamps. */
const isStrong = (frame: LegsFrame, row: number): boolean =>
  frame.kind[row] === Kind.syn || (frame.kind[row] === Kind.mark && hasTcpOptions(frame, row));

/** Data carries options of 12 bytes or more where timestamps were agreed on, and else hardly ever. */
const hasTcpOptions = (frame: LegsFrame, row: number): boolean => {
  const network = ETHERNET_BYTES + (isIpv4(frame.source, 4 * frame.flow[row]) ? IPV4_BYTES : IPV6_BYTES);
  return frame.headers[row] - frame.encapsulation[row] - network >= TCP_BYTES + TIMESTAMP_BYTES;
};

function serves(frame: LegsFrame, row: number): boolean {
  const kind = frame.kind[row];
  if (kind === Kind.mark || kind === Kind.syn) return true;
  return (kind === Kind.icmp || kind === Kind.udp) && frame.wirePackets[row] === 1;
}

function repeats(frame: LegsFrame, first: number, last: number): boolean {
  for (let a = first + 1; a <= last; a++) {
    if (isDrop(frame.direction[a])) continue;
    for (let b = first; b < a; b++) {
      if (frame.ifindex[a] === frame.ifindex[b] && frame.direction[a] === frame.direction[b]) return true;
    }
  }
  return false;
}
