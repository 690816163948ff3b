/**
 * Counts by bucket of very many series: only buckets that count something, in order. A series with one, which most are,
 * stands in its header; the cells of the others are in blocks of a common pool. So a series takes 14 bytes, and ten more
 * for each of several buckets.
 */
import { bucketMiddle } from '../../../agent/histogram/histogram.ts';
import { copyOf, createCellPool, isOtherBlock } from './cell-pool.ts';

export interface Tallies {
  add(series: number, bucket: number, weight: number): void;
  clear(): void;
  /** Of all its buckets together. */
  count(series: number): number;
  /** In the order of the buckets. */
  visit(series: number, visit: (bucket: number, count: number) => void): void;
  /** As histogram.ts's; NaN while empty. */
  quantile(series: number, q: number): number;
}

/** What sums of fractions leave where all was taken away again. */
const NOTHING = 1e-6;
const FIRST_SERIES = 1024;

const isNothing = (count: number): boolean => count < NOTHING && count > -NOTHING;

export function createTallies(): Tallies {
  const pool = createCellPool();
  /** All that the series counts. */
  let sums = new Float64Array(FIRST_SERIES);
  /** Its buckets; where it has one that bucket, where it has more the block of their cells. */
  let lengths = new Uint16Array(FIRST_SERIES);
  let places = new Uint32Array(FIRST_SERIES);

  function grow(series: number): void {
    const length = Math.max(series + 1, 2 * sums.length);
    sums = copyOf(sums, new Float64Array(length));
    lengths = copyOf(lengths, new Uint16Array(length));
    places = copyOf(places, new Uint32Array(length));
  }

  function addToOnly(series: number, bucket: number, weight: number): void {
    const sum = sums[series] + weight;
    const isGone = isNothing(sum);
    sums[series] = isGone ? 0 : sum;
    lengths[series] = isGone ? 0 : 1;
    places[series] = bucket;
  }

  function addToCells(series: number, bucket: number, weight: number): void {
    const at = placeOf(series, bucket);
    const isKnown = at < places[series] + lengths[series] && pool.buckets[at] === bucket;
    sums[series] += weight;
    if (!isKnown) return insert(series, at, bucket, weight);
    pool.counts[at] += weight;
    if (isNothing(pool.counts[at])) remove(series, at);
  }

  /** Where the bucket is, or would be. */
  function placeOf(series: number, bucket: number): number {
    const { buckets } = pool;
    let low = places[series];
    let high = low + lengths[series];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (buckets[middle] < bucket) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function insert(series: number, at: number, bucket: number, weight: number): void {
    const length = lengths[series];
    const to = isOtherBlock(length, length + 1) ? at + move(series, length, length + 1) : at;
    const { buckets, counts } = pool;
    for (let cell = places[series] + length; cell > to; cell--) {
      buckets[cell] = buckets[cell - 1];
      counts[cell] = counts[cell - 1];
    }
    buckets[to] = bucket;
    counts[to] = weight;
    lengths[series] = length + 1;
  }

  function remove(series: number, at: number): void {
    const { buckets, counts } = pool;
    const length = lengths[series] - 1;
    for (let cell = at; cell < places[series] + length; cell++) {
      buckets[cell] = buckets[cell + 1];
      counts[cell] = counts[cell + 1];
    }
    lengths[series] = length;
    if (length === 1) bringHome(series);
    else if (isOtherBlock(length + 1, length)) move(series, length + 1, length);
  }

  /** Into a block for another number of cells; gives by how much they moved. */
  function move(series: number, from: number, to: number): number {
    const before = places[series];
    const block = pool.take(to);
    const { buckets, counts } = pool;
    for (let cell = 0; cell < Math.min(from, to); cell++) {
      buckets[block + cell] = buckets[before + cell];
      counts[block + cell] = counts[before + cell];
    }
    pool.give(before, from);
    places[series] = block;
    return block - before;
  }

  /** The only bucket that is left needs no block. */
  function bringHome(series: number): void {
    const block = places[series];
    places[series] = pool.buckets[block];
    sums[series] = pool.counts[block];
    pool.give(block, 2);
  }

  /** The only bucket gets a block, for there will be another. */
  function moveOut(series: number): void {
    const block = pool.take(2);
    pool.buckets[block] = places[series];
    pool.counts[block] = sums[series];
    places[series] = block;
  }

  return {
    add(series, bucket, weight) {
      if (series >= sums.length) grow(series);
      const length = lengths[series];
      if (length === 0 || (length === 1 && places[series] === bucket)) return addToOnly(series, bucket, weight);
      if (length === 1) moveOut(series);
      addToCells(series, bucket, weight);
    },
    clear() {
      pool.clear();
      sums.fill(0);
      lengths.fill(0);
    },
    count: (series) => sums[series] ?? 0,
    visit(series, visit) {
      const length = lengths[series] ?? 0;
      const place = places[series];
      if (length === 1) visit(place, sums[series]);
      else for (let cell = place; cell < place + length; cell++) visit(pool.buckets[cell], pool.counts[cell]);
    },
    quantile(series, q) {
      const length = lengths[series] ?? 0;
      if (length === 0) return NaN;
      let at = places[series];
      if (length === 1) return bucketMiddle(at);
      const rank = Math.max(1, Math.ceil(q * sums[series]));
      const last = at + length - 1;
      for (let seen = pool.counts[at]; seen < rank && at < last; seen += pool.counts[at]) at++;
      return bucketMiddle(pool.buckets[at]);
    },
  };
}
