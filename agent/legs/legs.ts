/**
 * Records to legs: the records of one identity on one node. A leg is complete a fixed time after its first record; what
 * comes later makes another leg of the same identity, which the reader merges.
 *
 * No object is made for a record. Records stay in a pool as the ring wrote them, by slot; a leg is the chain of its
 * slots and goes by the first of them. Legs complete in the order in which they began, so the pool is a queue: its tail
 * is the oldest leg that is not encoded yet.
 */
import type { RecordLayout } from '../kernel/layout.ts';
import { RING_HEADER_BYTES } from '../kernel/layout.ts';

export interface LegsOptions {
  /** Records that the pool holds; a power of two. A full pool completes its oldest legs early. */
  capacity: number;
  /** Time after its first record at which a leg is complete. */
  completeAfterNs: number;
  /** Of all times handed out: nanoseconds of CLOCK_MONOTONIC at the stream's start. */
  epochNs: bigint;
  /** Of a test clock: what it shows. */
  shift?: ((ns: number) => number) | undefined;
}

/** Views of the pool, for those who read records by slot. */
export interface Pool {
  /** Words of 32 bits; record `slot` begins at `slot * strideBytes / 4 + 2`. */
  words: Uint32Array;
  halves: Uint16Array;
  bytes: Uint8Array;
  strideBytes: number;
  /** By slot: nanoseconds since the epoch. */
  timeNs: Float64Array;
}

/** Completed legs: `slots` of all their records, in each leg by time; `counts` of the legs. Good until the next call. */
export interface CompletedLegs {
  legCount: number;
  recordCount: number;
  counts: Uint16Array;
  slots: Int32Array;
}

const NONE = -1;

/** A flood of one identity (a switching loop) makes several legs: each must fit into a frame. */
const MAX_LEG_RECORDS = 1024;

export interface Legs {
  readonly pool: Pool;
  /** Takes `count` records in ring form from `words[start]` on, completing old legs where the pool is full. */
  add(words: Uint32Array, start: number, count: number): void;
  /** Completes the legs that began at least `completeAfterNs` before `nowNs`, or all. */
  complete(nowNs: number): void;
  /** Hands over what is complete and forgets it; at most `capacity` records at once. */
  take(): CompletedLegs;
  /** Records that wait in completed legs. */
  readonly waiting: number;
  /** Called before completed legs must make room; it should `take`. */
  onFull: () => void;
}

export function createLegs(layout: RecordLayout, options: LegsOptions): Legs {
  const { capacity, completeAfterNs, shift } = options;
  if (capacity < 2 || capacity & (capacity - 1)) throw new RangeError(`capacity ${capacity} is no power of two`);
  const slotMask = capacity - 1;
  const buffer = new ArrayBuffer(capacity * layout.strideBytes);
  const words = new Uint32Array(buffer);
  const stride = layout.strideBytes / 4;
  const identityAt = (layout.identity + RING_HEADER_BYTES) / 4;
  const timeAt = (layout.time + RING_HEADER_BYTES) / 4;
  const timeNs = new Float64Array(capacity);
  const epochLow = Number(options.epochNs & 0xffffffffn);
  const epochHigh = Number(options.epochNs >> 32n);

  // By slot. `next` and `last` chain a leg's records; `count` is 0 but at a leg's first slot.
  const next = new Int32Array(capacity).fill(NONE);
  const last = new Int32Array(capacity);
  const count = new Uint16Array(capacity);

  // Open legs by identity: slot + 1, linear probing. Half empty at least.
  const tableMask = capacity * 2 - 1;
  const table = new Int32Array(capacity * 2);

  // Ever-rising positions: tail <= completed <= head.
  let tail = 0;
  let completed = 0;
  let head = 0;
  let legCount = 0;
  let recordCount = 0;
  const counts = new Uint16Array(capacity);
  const slots = new Int32Array(capacity);

  // The low bits decide what is sampled and may all be zero: place by the high word.
  const home = (slot: number): number => words[slot * stride + identityAt + 1] & tableMask;

  function findPlace(slot: number): number {
    const low = words[slot * stride + identityAt];
    const high = words[slot * stride + identityAt + 1];
    let place = high & tableMask;
    for (;;) {
      const other = table[place] - 1;
      if (other < 0) return place;
      if (words[other * stride + identityAt] === low && words[other * stride + identityAt + 1] === high) return place;
      place = (place + 1) & tableMask;
    }
  }

  function insert(slot: number): void {
    timeNs[slot] =
      (words[slot * stride + timeAt + 1] - epochHigh) * 0x100000000 + (words[slot * stride + timeAt] - epochLow);
    if (shift) timeNs[slot] = shift(timeNs[slot]);
    next[slot] = NONE;
    const place = findPlace(slot);
    const first = table[place] - 1;
    if (first >= 0 && count[first] < MAX_LEG_RECORDS && timeNs[slot] - timeNs[first] <= completeAfterNs) {
      next[last[first]] = slot;
      last[first] = slot;
      count[first]++;
      count[slot] = 0;
      return;
    }
    table[place] = slot + 1;
    last[slot] = slot;
    count[slot] = 1;
  }

  /** Backward shift: closes the gap so that probing needs no tombstones. */
  function remove(slot: number): void {
    let gap = findPlace(slot);
    if (table[gap] !== slot + 1) return; // a full leg that another of its identity replaced
    let place = gap;
    for (;;) {
      place = (place + 1) & tableMask;
      const other = table[place] - 1;
      if (other < 0) break;
      if (((place - home(other)) & tableMask) >= ((place - gap) & tableMask)) {
        table[gap] = other + 1;
        gap = place;
      }
    }
    table[gap] = 0;
  }

  /** By time: the ring's order is that of reservation. Few records and nearly sorted. */
  function sortFrom(start: number): void {
    for (let i = start + 1; i < recordCount; i++) {
      const slot = slots[i];
      const time = timeNs[slot];
      let j = i - 1;
      for (; j >= start && timeNs[slots[j]] > time; j--) slots[j + 1] = slots[j]!;
      slots[j + 1] = slot;
    }
  }

  function completeLeg(first: number): void {
    remove(first);
    const start = recordCount;
    for (let slot = first; slot !== NONE; slot = next[slot]!) slots[recordCount++] = slot;
    sortFrom(start);
    counts[legCount++] = recordCount - start;
  }

  /** Steps over one position of the queue, completing the leg that begins there. */
  function completeOne(): void {
    const slot = completed & slotMask;
    if (count[slot] > 0) completeLeg(slot);
    completed++;
  }

  function makeRoom(wanted: number): void {
    if (head - tail + wanted <= capacity) return;
    while (completed < head && completed - tail < wanted) completeOne();
    self.onFull();
    if (head - tail + wanted > capacity) throw new Error('legs: completed legs were not taken');
  }

  const self: Legs = {
    pool: {
      words,
      halves: new Uint16Array(buffer),
      bytes: new Uint8Array(buffer),
      strideBytes: layout.strideBytes,
      timeNs,
    },
    add(source, start, added) {
      for (let done = 0; done < added;) {
        const slot = head & slotMask;
        const run = Math.min(added - done, capacity - slot, capacity >> 2 || 1);
        makeRoom(run);
        const from = start + done * stride;
        words.set(source.subarray(from, from + run * stride), slot * stride);
        for (let i = 0; i < run; i++) insert(slot + i);
        head += run;
        done += run;
      }
    },
    complete(nowNs) {
      const before = nowNs - completeAfterNs;
      while (completed < head) {
        const slot = completed & slotMask;
        if (count[slot] > 0 && timeNs[slot] > before) return;
        completeOne();
      }
    },
    take() {
      const taken = { legCount, recordCount, counts, slots };
      legCount = 0;
      recordCount = 0;
      tail = completed;
      return taken;
    },
    get waiting() {
      return recordCount;
    },
    onFull: () => void self.take(),
  };
  return self;
}
