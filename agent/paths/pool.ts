/**
 * What is open: legs by identity and by TCP context, in rings of columns over the frames they came in.
 *
 * Entries (one for each identity) and legs are numbered as they come and go in the same order. A hash bucket holds the
 * newest number, each slot the one before it in its bucket; a number older than the ring's tail ends the chain. So
 * nothing is ever deleted from the table, and records stay where they were decoded.
 */
import type { LegsFrame } from './legs-frame.ts';
import { Kind } from './words.ts';

export const EntryState = { open: 0, done: 1 } as const;

export interface Pool {
  /** Numbers of entries that are still held: [entryTail, entryHead). */
  entryTail: number;
  entryHead: number;
  /** Columns of entries; index with number & entryMask. */
  entryMask: number;
  identityLow: Uint32Array;
  identityHigh: Uint32Array;
  /** Viewer's time of the first leg that came. */
  timeMs: Float64Array;
  state: Uint8Array;
  lastLeg: Uint32Array;
  legsOf: Uint16Array;
  /** Columns of legs; index with number & legMask. */
  legMask: number;
  legTail: number;
  legHead: number;
  legFrame: Uint32Array;
  legFirst: Uint32Array;
  legCount: Uint16Array;
  legPrevious: Uint32Array;
  contextPrevious: Uint32Array;
  identityBucket: Uint32Array;
  entryPrevious: Uint32Array;
  contextBucket: Uint32Array;
  /** Of any packet that carried a mark: BIG TCP's exceed a region. */
  longestPayload: number;
  frames: (LegsFrame | undefined)[];
  frameHead: number;
  maxLegs: number;
}

const START = 1 << 12;

export function createPool(maxLegs: number): Pool {
  return {
    entryTail: 0, entryHead: 0, legTail: 0, legHead: 0, frameHead: 0, longestPayload: 0,
    ...entryColumns(START), ...legColumns(START),
    frames: new Array<undefined>(256).fill(undefined),
    maxLegs: Math.max(START, 2 ** Math.floor(Math.log2(maxLegs))),
  }; // prettier-ignore
}

const entryColumns = (capacity: number) => ({
  entryMask: capacity - 1,
  identityLow: new Uint32Array(capacity),
  identityHigh: new Uint32Array(capacity),
  timeMs: new Float64Array(capacity),
  state: new Uint8Array(capacity),
  lastLeg: new Uint32Array(capacity),
  legsOf: new Uint16Array(capacity),
  entryPrevious: new Uint32Array(capacity),
  identityBucket: new Uint32Array(capacity * 2).fill(0xffffffff),
});

const legColumns = (capacity: number) => ({
  legMask: capacity - 1,
  legFrame: new Uint32Array(capacity),
  legFirst: new Uint32Array(capacity),
  legCount: new Uint16Array(capacity),
  legPrevious: new Uint32Array(capacity),
  contextPrevious: new Uint32Array(capacity),
  contextBucket: new Uint32Array(capacity).fill(0xffffffff),
});

/** Numbers are 32 bits and wrap: what counts is the distance from the head. */
export const isHeld = (number: number, tail: number, head: number): boolean =>
  (head - 1 - number) >>> 0 < (head - tail) >>> 0;

/** Whether one more leg finds room (growing as far as it may). */
export function hasRoom(pool: Pool): boolean {
  if ((pool.legHead - pool.legTail) >>> 0 <= pool.legMask) return true;
  if (pool.legMask + 1 >= pool.maxLegs) return false;
  growLegs(pool);
  return true;
}

export function addFrame(pool: Pool, frame: LegsFrame): number {
  const held = pool.legTail === pool.legHead ? 0 : (pool.frameHead - pool.legFrame[pool.legTail & pool.legMask]) >>> 0;
  if (held >= pool.frames.length) growFrames(pool);
  const number = pool.frameHead;
  pool.frames[number & (pool.frames.length - 1)] = frame;
  pool.frameHead = (number + 1) >>> 0;
  return number;
}

/** The frame of a number while it is held. */
export const frameAt = (pool: Pool, number: number): LegsFrame | undefined =>
  (pool.frameHead - number) >>> 0 <= pool.frames.length ? pool.frames[number & (pool.frames.length - 1)] : undefined;

/** The entry of this identity near that time, or -1. `windowMs`: further apart it is another packet. */
export function findEntry(pool: Pool, low: number, high: number, timeMs: number, windowMs: number): number {
  let number = pool.identityBucket[bucketOf(pool, low, high)];
  let distance = 0;
  while (isHeld(number, pool.entryTail, pool.entryHead)) {
    const slot = number & pool.entryMask;
    if (pool.identityLow[slot] === low && pool.identityHigh[slot] === high) {
      if (Math.abs(timeMs - pool.timeMs[slot]) <= windowMs) return number;
    }
    const step = (pool.entryHead - number) >>> 0;
    if (step <= distance) break;
    distance = step;
    number = pool.entryPrevious[slot]!;
  }
  return -1;
}

export function addEntry(pool: Pool, low: number, high: number, timeMs: number): number {
  if ((pool.entryHead - pool.entryTail) >>> 0 > pool.entryMask) growEntries(pool);
  const number = pool.entryHead;
  const slot = number & pool.entryMask;
  pool.identityLow[slot] = low;
  pool.identityHigh[slot] = high;
  pool.timeMs[slot] = timeMs;
  pool.state[slot] = EntryState.open;
  pool.legsOf[slot] = 0;
  linkEntry(pool, number);
  pool.entryHead = (number + 1) >>> 0;
  return number;
}

/** Adds a leg (there must be room) to its entry, and a TCP mark's to the chain of its context. */
export function addLeg(pool: Pool, entry: number, frameNumber: number, first: number, count: number): void {
  const number = pool.legHead;
  const slot = number & pool.legMask;
  const entrySlot = entry & pool.entryMask;
  pool.legFrame[slot] = frameNumber;
  pool.legFirst[slot] = first;
  pool.legCount[slot] = count;
  pool.legPrevious[slot] = pool.lastLeg[entrySlot]!;
  pool.lastLeg[entrySlot] = number;
  if (pool.legsOf[entrySlot] < 0xffff) pool.legsOf[entrySlot]++;
  linkContext(pool, number);
  pool.legHead = (number + 1) >>> 0;
}

export const frameOfLeg = (pool: Pool, leg: number): LegsFrame =>
  pool.frames[pool.legFrame[leg & pool.legMask] & (pool.frames.length - 1)]!;

/** Lets go of the oldest entry and of every leg that came before the next entry's first. */
export function dropOldest(pool: Pool, firstLegOfNext: number): void {
  pool.entryTail = (pool.entryTail + 1) >>> 0;
  while (pool.legTail !== firstLegOfNext) {
    const frame = pool.legFrame[pool.legTail & pool.legMask];
    pool.legTail = (pool.legTail + 1) >>> 0;
    const next = pool.legTail === pool.legHead ? pool.frameHead : pool.legFrame[pool.legTail & pool.legMask];
    const mask = pool.frames.length - 1;
    for (let gone = frame; gone !== next; gone = (gone + 1) >>> 0) pool.frames[gone & mask] = undefined;
  }
}

/** The number of an entry's first leg. */
export function firstLeg(pool: Pool, entry: number): number {
  const slot = entry & pool.entryMask;
  let leg = pool.lastLeg[slot];
  for (let i = 1; i < pool.legsOf[slot]; i++) leg = pool.legPrevious[leg & pool.legMask]!;
  return leg;
}

/** Marks of one context lie in chains of so many bytes of the stream: a busy one has thousands in the time that is kept. */
const REGION_BITS = 16;

/** The last leg among the marks of a context in a region of the stream; others may share its chain. */
export const contextChain = (pool: Pool, context: number, region: number): number =>
  pool.contextBucket[contextBucketOf(pool, context, region)];

export const regionOf = (mark: number): number => mark >>> REGION_BITS;

const contextBucketOf = (pool: Pool, context: number, region: number): number =>
  Math.imul(context ^ Math.imul(region, 0x85ebca6b), 0x9e3779b1) >>> (32 - Math.log2(pool.contextBucket.length));

const bucketOf = (pool: Pool, low: number, high: number): number => (low ^ high) & (pool.identityBucket.length - 1);

function linkEntry(pool: Pool, number: number): void {
  const slot = number & pool.entryMask;
  const bucket = bucketOf(pool, pool.identityLow[slot], pool.identityHigh[slot]);
  pool.entryPrevious[slot] = pool.identityBucket[bucket]!;
  pool.identityBucket[bucket] = number;
}

function linkContext(pool: Pool, number: number): void {
  const slot = number & pool.legMask;
  const frame = frameOfLeg(pool, number);
  const row = pool.legFirst[slot];
  if (frame.kind[row] !== Kind.mark) return;
  for (let each = row; each < row + pool.legCount[slot]; each++) {
    if (frame.payload[each] > pool.longestPayload) pool.longestPayload = frame.payload[each];
  }
  const bucket = contextBucketOf(pool, frame.context[row], regionOf(frame.mark[row]));
  pool.contextPrevious[slot] = pool.contextBucket[bucket]!;
  pool.contextBucket[bucket] = number;
}

/** Copies what is held from one ring to another of a larger size. */
function move<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  from: T, to: T, tail: number, head: number,
): T {
  for (let n = tail; n !== head; n = (n + 1) >>> 0) to[n & (to.length - 1)] = from[n & (from.length - 1)]!;
  return to;
} // prettier-ignore

function growEntries(pool: Pool): void {
  const columns = entryColumns((pool.entryMask + 1) * 2);
  const { entryTail: tail, entryHead: head } = pool;
  for (const name of ['identityLow', 'identityHigh', 'timeMs', 'state', 'lastLeg', 'legsOf'] as const) {
    move(pool[name], columns[name], tail, head);
  }
  Object.assign(pool, columns);
  for (let n = tail; n !== head; n = (n + 1) >>> 0) linkEntry(pool, n);
}

function growLegs(pool: Pool): void {
  const columns = legColumns((pool.legMask + 1) * 2);
  const { legTail: tail, legHead: head } = pool;
  for (const name of ['legFrame', 'legFirst', 'legCount', 'legPrevious'] as const) {
    move(pool[name], columns[name], tail, head);
  }
  Object.assign(pool, columns);
  for (let n = tail; n !== head; n = (n + 1) >>> 0) linkContext(pool, n);
}

function growFrames(pool: Pool): void {
  const old = pool.frames;
  pool.frames = new Array<undefined>(old.length * 2).fill(undefined);
  const oldest = pool.legFrame[pool.legTail & pool.legMask];
  for (let n = oldest; n !== pool.frameHead; n = (n + 1) >>> 0) {
    pool.frames[n & (pool.frames.length - 1)] = old[n & (old.length - 1)];
  }
}
