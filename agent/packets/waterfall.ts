/** One packet as rows of a waterfall: a hop each, with the segment that ended there as a bar on one axis. Pure. */
import { formatClock, formatCount } from '../trace/numbers.ts';
import type { Exchange, Packet, PacketHop, PacketSegment } from './packet.ts';

/** What lies between two rows. */
export interface Step {
  name: string;
  /** NaN unknown. */
  durationNs: number;
  boundNs: number;
  kind: 'plain' | 'sleeved' | 'wire' | 'pod';
}

export interface WaterfallRow {
  hop: PacketHop;
  /** Since the first hop of the first packet; NaN unknown. */
  atNs: number;
  /** By another clock than the first hop's: right within the bound. */
  isNear: boolean;
  /** Undefined at the very first hop. */
  step: Step | undefined;
  isFirstOfNode: boolean;
  /** The packet that came back. */
  isReply: boolean;
  /** Addresses that changed before this hop. */
  changes: Change[];
}

export interface Change {
  end: 'source' | 'destination';
  before: string;
  after: string;
}

const stepOf = ({ name, durationNs, boundNs, isWire, isSleeved }: PacketSegment): Step => ({
  name,
  durationNs,
  boundNs,
  kind: isWire ? 'wire' : isSleeved ? 'sleeved' : 'plain',
});

/** Where an address or port differs from the hop before. */
export function changesOf(before: PacketHop | undefined, hop: PacketHop): Change[] {
  if (!before) return [];
  return (['source', 'destination'] as const)
    .filter((end) => before[end] !== hop[end])
    .map((end) => ({ end, before: before[end], after: hop[end] }));
}

function packetRows(packet: Packet, startNs: number, first: Step | undefined, isReply: boolean): WaterfallRow[] {
  let isNear = isReply;
  return packet.hops.map((hop, at) => {
    const step = at === 0 ? first : stepOf(packet.segments[at - 1]);
    isNear ||= step?.kind === 'wire';
    const before = packet.hops[at - 1];
    return {
      hop, step, isReply, isNear,
      atNs: startNs + hop.timeNs,
      isFirstOfNode: before?.node !== hop.node,
      changes: changesOf(before, hop),
    }; // prettier-ignore
  });
}

/** The packet, and behind it the one that came back, with the time in the answering pod between them. */
export function rowsOf({ packet, reply, turnaroundNs, roundTripNs }: Exchange): WaterfallRow[] {
  const there = packetRows(packet, 0, undefined, false);
  if (!reply) return there;
  const inPod: Step = { name: 'in the pod', durationNs: turnaroundNs, boundNs: 0, kind: 'pod' };
  const back = packetRows(reply, packet.totalNs + turnaroundNs, inPod, true);
  if (Number.isNaN(roundTripNs)) return [...there, ...back];
  // At home again: by the clock that saw it leave.
  const home = back.findLastIndex(({ hop }) => hop.node !== packet.hops[0].node) + 1;
  const lastNs = back.at(-1)!.atNs;
  return [
    ...there,
    ...back.slice(0, home),
    ...back.slice(home).map((row) => ({ ...row, isNear: false, atNs: roundTripNs - (lastNs - row.atNs) })),
  ];
}

/** What a bar's length is. */
export type BarScale = 'linear' | 'sqrt' | 'equal';

export interface Bar {
  from: number;
  to: number;
  /** Within the clocks' bound its end lies anywhere between these; equal where one clock saw both ends. */
  earliest: number;
  latest: number;
  /** False of a break: its length says nothing. */
  isWhole: boolean;
}

const lengthOf = (scale: BarScale, timeNs: number): number => {
  if (scale === 'equal') return 1;
  return scale === 'linear' ? Math.max(0, timeNs) : Math.sqrt(Math.max(0, timeNs));
};

const isBreak = ({ durationNs, kind }: Step): boolean => Number.isNaN(durationNs) || kind === 'pod';

/**
 * Bars one behind the other, the last of which ends at `width`. A negative time, inside its bound, has no length.
 * @param breakWidth of a stretch that nobody can measure, and of the time in the pod, which is none of the network's
 */
export function layBars(steps: readonly Step[], scale: BarScale, width: number, breakWidth = 32): Bar[] {
  const breaks = steps.filter(isBreak).length;
  const eachBreak = scale === 'equal' ? width / steps.length : Math.min(breakWidth, width / steps.length);
  const lengths = steps.map((step) => (isBreak(step) ? 0 : lengthOf(scale, step.durationNs)));
  const whole = lengths.reduce((all, one) => all + one, 0);
  const unit = whole > 0 ? (width - breaks * eachBreak) / whole : 0;
  let from = 0;
  return steps.map((step, at) => {
    const { durationNs, boundNs } = step;
    const to = Math.min(width, from + (isBreak(step) ? eachBreak : lengths[at] * unit));
    const edge = (timeNs: number): number => Math.min(width, from + lengthOf(scale, timeNs) * unit);
    const isBlurred = !isBreak(step) && boundNs > 0 && scale !== 'equal';
    const bar = {
      from, to, isWhole: !isBreak(step),
      earliest: isBlurred ? edge(durationNs - boundNs) : to,
      latest: isBlurred ? edge(durationNs + boundNs) : to,
    }; // prettier-ignore
    from = to;
    return bar;
  });
}

/** tcp data, icmp error. */
export const packetLabel = ({ protocol, kind }: Pick<Packet, 'protocol' | 'kind'>): string =>
  protocol.endsWith(kind) ? protocol : `${protocol} ${kind}`;

/** `148 B = 98 + 50`: on an uplink the outer packet, of which the tunnel added the rest. */
export function bytesText({ bytes, addedBytes, wirePackets }: PacketHop): string {
  const all = `${formatCount(bytes)} B`;
  if (wirePackets > 1) return `${all} in ${wirePackets}${addedBytes ? `, +${addedBytes} each` : ''}`;
  return addedBytes ? `${all} = ${formatCount(bytes - addedBytes)} + ${addedBytes}` : all;
}

/** Wall time with all that is known of it: 14:03:20.123. */
export const formatMoment = (wallMs: number): string =>
  `${formatClock(wallMs)}.${String(Math.floor(wallMs % 1000)).padStart(3, '0')}`;

/** Which way a hop is passed, in a word. */
export const wayText = ({ direction }: Pick<PacketHop, 'direction'>): string =>
  direction === 'ingress' || direction === 'receive' ? 'in' : 'out';

/** Since the first hop; a time by another node's clock is near. */
export const whenText = ({ atNs, isNear }: Pick<WaterfallRow, 'atNs' | 'isNear'>): string =>
  `${isNear && !Number.isNaN(atNs) ? '≈ ' : ''}${formatOffset(atNs)}`;

/** Since the first hop, to the nanosecond: `+12,345`. */
export const formatOffset = (atNs: number): string =>
  Number.isNaN(atNs) ? 'unknown' : `+${formatCount(Math.round(atNs))}`;
