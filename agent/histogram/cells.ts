/** Counts by series and histogram bucket, of one second: an open-addressed table in typed arrays, sorted when it is over. */
import { bucketMiddle } from './histogram.ts';

const BUCKET_BITS = 11;
/** Above histogram.ts's BUCKETS. */
export const CELLS_PER_SERIES = 1 << BUCKET_BITS;
const EMPTY = 0xffffffff;
/** Numbers of series lie below: their keys fit into 32 bits, and none of them is the empty one. */
export const MAX_SERIES = Math.floor(EMPTY / CELLS_PER_SERIES);

export const cellKey = (series: number, bucket: number): number => series * CELLS_PER_SERIES + bucket;

export const seriesOfKey = (key: number): number => key >>> BUCKET_BITS;
export const bucketOfKey = (key: number): number => key & (CELLS_PER_SERIES - 1);

export interface CellTable {
  keys: Uint32Array;
  counts: Float64Array;
  size: number;
}

/** Sorted by key, so that a series is a range. */
export interface Cells {
  keys: Uint32Array;
  counts: Float64Array;
}

export const createCells = (capacity = 1024): CellTable => ({
  keys: new Uint32Array(capacity).fill(EMPTY),
  counts: new Float64Array(capacity),
  size: 0,
});

export function addCell(table: CellTable, key: number, weight: number): void {
  if (table.size * 2 >= table.keys.length) grow(table);
  const slot = slotOf(table, key);
  if (table.keys[slot] === EMPTY) {
    table.keys[slot] = key;
    table.size++;
  }
  table.counts[slot] += weight;
}

/** Where the key is, or would be. */
function slotOf({ keys }: CellTable, key: number): number {
  const mask = keys.length - 1;
  let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
  while (keys[slot] !== key && keys[slot] !== EMPTY) slot = (slot + 1) & mask;
  return slot;
}

function grow(table: CellTable): void {
  const { keys, counts } = table;
  Object.assign(table, createCells(keys.length * 2));
  for (let slot = 0; slot < keys.length; slot++) if (keys[slot] !== EMPTY) addCell(table, keys[slot], counts[slot]);
}

/** @param from of all series those from this one up to another, which is not included */
export function sortCells(table: CellTable, from = 0, to = MAX_SERIES): Cells {
  const [least, end] = [cellKey(from, 0), cellKey(to, 0)];
  const all = new Uint32Array(table.size);
  let size = 0;
  for (let slot = 0; slot < table.keys.length; slot++) {
    const key = table.keys[slot];
    if (key >= least && key < end) all[size++] = key;
  }
  const keys = all.slice(0, size).sort();
  const counts = new Float64Array(keys.length);
  for (let at = 0; at < keys.length; at++) counts[at] = table.counts[slotOf(table, keys[at])];
  return { keys, counts };
}

/** Index of the first key that is not smaller. */
export const lowerBound = (keys: Uint32Array, key: number): number => between(keys, key, 0, keys.length);

/** As `lowerBound`, at a place or behind it: the nearer it is the sooner it is found. */
export function lowerBoundFrom(keys: Uint32Array, key: number, from: number): number {
  let [low, step] = [from, 1];
  for (; low + step <= keys.length && keys[low + step - 1] < key; step *= 2) low += step;
  return between(keys, key, low, Math.min(keys.length, low + step - 1));
}

function between(keys: Uint32Array, key: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As histogram.ts's quantile, from the cells of one series; NaN where there are none. */
export function cellQuantiles({ keys, counts }: Cells, series: number, quantiles: readonly number[]): number[] {
  const from = lowerBound(keys, cellKey(series, 0));
  const to = lowerBoundFrom(keys, cellKey(series + 1, 0), from);
  let total = 0;
  for (let at = from; at < to; at++) total += counts[at];
  return quantiles.map((q) => {
    if (total === 0) return NaN;
    const rank = Math.max(1, Math.ceil(q * total));
    let at = from;
    for (let seen = counts[at]; seen < rank && at < to - 1; seen += counts[at]) at++;
    return bucketMiddle(bucketOfKey(keys[at]));
  });
}
