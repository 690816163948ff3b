/**
 * In which order the packets of a flow pass a hop, and which bytes it carries again.
 *
 * A hop remembers of each flow the highest position that it has seen: the last byte of a TCP packet, the IPv4 id of a
 * datagram or an ICMP message. What comes later and stands lower is `late`: overtaken, or sent again. Marked bytes are
 * remembered too, so that one which comes again is known as `again`. A hop that carries long packets writes coarse marks
 * only and may have carried a finer one without a record: that is `unsure`. All this is said of each hop by itself; where a
 * packet became late is the segment between two hops that differ (disorder.ts).
 *
 * A node's records come in the order in which their packets entered it. Where one is overtaken within the node its
 * overtaker tells, one for each. Memory is fixed: in a full table what was used longest ago is forgotten. An agent that starts
 * again has times of its own, and begins anew.
 */
import type { LegsFrame } from './legs-frame.ts';
import { frameAt, type Pool } from './pool.ts';
import { DIRECTIONS, isDrop, Kind } from './words.ts';

/** Bits of LegsFrame.arrival. */
export const Arrival = { late: 1, again: 2, unsure: 4 } as const;

/** Neighbouring places in which a key may stand. */
const WAYS = 4;

/** Keys of two words in a table that forgets; other columns stand beside it. */
interface Keys {
  mask: number;
  words: Uint32Array;
  /** When it was last used; 0: free. */
  used: Float64Array;
  clock: number;
}

export interface Arrivals {
  flows: Keys;
  /** Of each flow at each hop: the highest position, its record, and floor(log2) of the longest packet. */
  highest: Uint32Array;
  highestNs: Float64Array;
  frame: Uint32Array;
  row: Uint32Array;
  longest: Uint8Array;
  marks: Keys;
}

/** Both sizes are powers of two. */
export function createArrivals(flows = 1 << 14, marks = 1 << 17): Arrivals {
  return {
    flows: createKeys(flows),
    highest: new Uint32Array(flows),
    highestNs: new Float64Array(flows),
    frame: new Uint32Array(flows),
    row: new Uint32Array(flows),
    longest: new Uint8Array(flows),
    marks: createKeys(marks),
  };
}

const createKeys = (size: number): Keys => ({
  mask: size - 1,
  words: new Uint32Array(2 * size),
  used: new Float64Array(size),
  clock: 0,
});

/** Says of each record of a frame that the pool holds under this number how it arrived. */
export function noteArrivals(arrivals: Arrivals, pool: Pool, frame: LegsFrame, number: number): void {
  const low = hashFlows(frame, 0x85ebca6b);
  const high = hashFlows(frame, 0xc2b2ae35);
  for (let row = 0; row < frame.recordCount; row++) {
    if (!isNumbered(frame, row)) continue;
    const hop = Math.imul(frame.stream.id, 0x632be59b) ^ (frame.ifindex[row] * DIRECTIONS + frame.direction[row]);
    const keyLow = mix(low[frame.flow[row]], hop);
    const keyHigh = mix(high[frame.flow[row]], hop);
    const slot = findFlow(arrivals, keyLow, keyHigh);
    if (frame.kind[row] === Kind.mark) noteMark(arrivals, slot, keyLow, keyHigh, frame, row);
    notePosition(arrivals, slot, pool, frame, number, row);
  }
}

/** Whether the sender numbers what this record is of. IPv6 has no id, and a socket without a partner gives all the same. */
function isNumbered({ direction, kind, sequence }: LegsFrame, row: number): boolean {
  if (isDrop(direction[row])) return false;
  if (kind[row] === Kind.mark) return true;
  return (kind[row] === Kind.udp || kind[row] === Kind.icmp) && sequence[row] !== 0;
}

/** Upwards modulo 2^32. */
const positionOf = ({ kind, mark, sequence }: LegsFrame, row: number): number =>
  kind[row] === Kind.mark ? mark[row] : (sequence[row] << 16) >>> 0;

/** Up to where this packet reaches: of a TCP one its last byte, marked or not. */
const endOf = (frame: LegsFrame, row: number): number =>
  frame.kind[row] === Kind.mark ? frame.sequence[row] + frame.payload[row] - 1 : positionOf(frame, row);

function notePosition(
  arrivals: Arrivals, slot: number, pool: Pool, frame: LegsFrame, number: number, row: number,
): void {
  const timeNs = frame.baseNs + frame.timeNs[row];
  const { highest, highestNs } = arrivals;
  const isFirst = highestNs[slot] === -Infinity;
  const ahead = (positionOf(frame, row) - highest[slot]) | 0;
  if (!isFirst && ahead < 0 && timeNs > highestNs[slot]) frame.arrival[row] |= Arrival.late;
  // It passed before the one that stood highest, which therefore was overtaken.
  const overtaken = ahead > 0 && timeNs < highestNs[slot] ? frameAt(pool, arrivals.frame[slot]) : undefined;
  if (overtaken) overtaken.arrival[arrivals.row[slot]] |= Arrival.late;
  if (!isFirst && ((endOf(frame, row) - highest[slot]) | 0) <= 0) return;
  highest[slot] = endOf(frame, row);
  highestNs[slot] = timeNs;
  arrivals.frame[slot] = number;
  arrivals.row[slot] = row;
} // prettier-ignore

function noteMark(
  arrivals: Arrivals, slot: number, low: number, high: number, frame: LegsFrame, row: number,
): void {
  const length = 31 - Math.clz32(frame.payload[row]);
  if (length > arrivals.longest[slot]) arrivals.longest[slot] = length;
  if (frame.level[row] < arrivals.longest[slot]) frame.arrival[row] |= Arrival.unsure;
  const found = findKey(arrivals.marks, mix(low, frame.mark[row]), mix(high, frame.mark[row]));
  if (found >= 0) frame.arrival[row] |= Arrival.again;
} // prettier-ignore

/** Where the flow stands; one that is new at this hop has not seen anything yet. */
function findFlow(arrivals: Arrivals, low: number, high: number): number {
  const found = findKey(arrivals.flows, low, high);
  if (found >= 0) return found;
  const slot = ~found;
  arrivals.highestNs[slot] = -Infinity;
  arrivals.longest[slot] = 0;
  return slot;
}

/** The place of a key, or ~place where it is new and took that of the one used longest ago. */
function findKey(keys: Keys, low: number, high: number): number {
  const { mask, words, used } = keys;
  let oldest = low & mask;
  for (let way = 0; way < WAYS; way++) {
    const slot = (low + way) & mask;
    if (used[slot] < used[oldest]) oldest = slot;
    if (words[2 * slot] !== low || words[2 * slot + 1] !== high || used[slot] === 0) continue;
    used[slot] = ++keys.clock;
    return slot;
  }
  words[2 * oldest] = low;
  words[2 * oldest + 1] = high;
  used[oldest] = ++keys.clock;
  return ~oldest;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** A word for each flow of a frame. */
function hashFlows(
  { source, destination, sourcePort, destinationPort, protocol }: LegsFrame,
  seed: number,
): Uint32Array {
  const hashes = new Uint32Array(protocol.length);
  for (let flow = 0; flow < protocol.length; flow++) {
    let hash = mix(seed, (sourcePort[flow] << 16) | destinationPort[flow]);
    for (let word = 4 * flow; word < 4 * flow + 4; word++) hash = mix(mix(hash, source[word]), destination[word]);
    hashes[flow] = mix(hash, protocol[flow]);
  }
  return hashes;
}
