/** For tests: nodes whose clocks are known, packets between them, and what could be known from these at best. */
import type { Clocks, Correction } from './clocks.ts';

/** mulberry32: the same numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a node's raw clock does: true time in seconds to what it shows in nanoseconds, less the true nanoseconds. */
export interface TrueClock {
  offsetNs: number;
  driftPpm: number;
  /** The drift wanders with the temperature, by so much up and down in a period of so many seconds. */
  wanderPpm?: number;
  periodSeconds?: number;
  /** Suspended at `at` for `for` seconds; the clock does not go meanwhile. */
  suspend?: { at: number; for: number };
}

export function aheadNs({ offsetNs, driftPpm, wanderPpm = 0, periodSeconds = 1000, suspend }: TrueClock, seconds: number): number {
  const period = periodSeconds / (2 * Math.PI);
  const wandered = wanderPpm * 1000 * period * (1 - Math.cos(seconds / period));
  const stood = suspend ? Math.max(0, Math.min(seconds - suspend.at, suspend.for)) : 0;
  return offsetNs + driftPpm * 1000 * seconds + wandered - stood * 1e9;
} // prettier-ignore

/** A direction of traffic. */
export interface Link {
  from: number;
  to: number;
  packetsPerSecond: number;
  /** No packet is quicker; the rest waits in queues, exponentially distributed. */
  leastNs: number;
  queueNs: number;
  fromSeconds?: number;
  toSeconds?: number;
}

export interface Packet {
  from: number;
  to: number;
  /** True time. */
  seconds: number;
  delayNs: number;
}

export function traffic(links: Link[], seconds: number, seed: number): Packet[] {
  const next = random(seed);
  const packets = links.flatMap(({ fromSeconds = 0, toSeconds = seconds, ...link }) => {
    const count = Math.floor((toSeconds - fromSeconds) * link.packetsPerSecond);
    return Array.from({ length: count }, () => ({
      from: link.from,
      to: link.to,
      seconds: fromSeconds + next() * (toSeconds - fromSeconds),
      delayNs: link.leastNs - link.queueNs * Math.log(1 - next()),
    }));
  });
  return packets.sort((a, b) => a.seconds - b.seconds);
}

export interface Watched {
  clocks: Clocks;
  nodes: TrueClock[];
}

/** What `node` shows at a true time. */
export const shownNs = (nodes: TrueClock[], node: number, seconds: number): number =>
  seconds * 1e9 + aheadNs(nodes[node], seconds);

/** `falseNs`: it seems to come so much earlier than it did, for it was joined with another. */
export function give({ clocks, nodes }: Watched, packet: Packet, falseNs = 0, strong = true): void {
  const { from, to, seconds, delayNs } = packet;
  const sentNs = shownNs(nodes, from, seconds);
  const receivedNs = shownNs(nodes, to, seconds + delayNs / 1e9) - falseNs;
  clocks.sample({ from, to, sentNs, receivedNs, errorNs: 0, strong });
}

/** What clocks say of a packet: how wrong its time is, and within what; undefined while unknown. */
export interface Told extends Correction {
  /** Time shown less true time. */
  errorNs: number;
  seconds: number;
}

export function tell({ clocks, nodes }: Watched, { from, to, seconds, delayNs }: Packet): Told | undefined {
  const into: Correction = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };
  const sentNs = shownNs(nodes, from, seconds);
  if (!clocks.between(from, to, sentNs, into)) return undefined;
  const timeNs = shownNs(nodes, to, seconds + delayNs / 1e9) - sentNs - into.correctionNs;
  // As the time line does: the receiver's clock drifts on meanwhile. A nanosecond more for sums of 10^13.
  const driftNs = Math.abs(timeNs) * clocks.maxDrift + 1;
  into.boundNs += driftNs;
  into.relativeBoundNs += driftNs;
  return { ...into, errorNs: timeNs - delayNs, seconds };
}

/** Hands packets over as the assembler does: all of some time, then the network is solved, then they are told. */
export function watchAll(watched: Watched, packets: Packet[], hand: (packet: Packet) => void = (packet) => give(watched, packet)): (Told & Packet)[] {
  const all: (Told & Packet)[] = [];
  for (let at = 0; at < packets.length; ) {
    const start = at;
    const until = packets[at].seconds + BATCH_SECONDS;
    for (; at < packets.length && packets[at].seconds < until; at++) hand(packets[at]);
    watched.clocks.solve();
    for (const packet of packets.slice(start, at)) {
      const told = tell(watched, packet);
      if (told) all.push({ ...packet, ...told });
    }
  }
  return all;
} // prettier-ignore

const BATCH_SECONDS = 0.1;

/** All links between nodes of these numbers. */
export const mesh = (nodes: number, link: Omit<Link, 'from' | 'to'>): Link[] =>
  Array.from({ length: nodes * nodes }, (_, at) => ({ ...link, from: Math.floor(at / nodes), to: at % nodes })).filter(
    ({ from, to }) => from !== to,
  );

/** The part of the values that is at most what this gives. */
export const quantile = (values: number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

/**
 * Half the width of the tightest interval for two nodes if all drifts were known exactly: each link's least delay so far, and
 * the shortest paths over them.
 */
export function idealBoundNs(nodes: number, packets: Packet[], from: number, to: number): number {
  const least = new Float64Array(nodes * nodes).fill(Infinity);
  for (let node = 0; node < nodes; node++) least[node * nodes + node] = 0;
  for (const packet of packets) {
    const at = packet.from * nodes + packet.to;
    least[at] = Math.min(least[at], packet.delayNs);
  }
  for (let via = 0; via < nodes; via++) {
    for (let i = 0; i < nodes; i++) {
      for (let j = 0; j < nodes; j++) {
        least[i * nodes + j] = Math.min(least[i * nodes + j], least[i * nodes + via] + least[via * nodes + j]);
      }
    }
  }
  return (least[from * nodes + to] + least[to * nodes + from]) / 2;
}
