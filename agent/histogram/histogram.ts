/**
 * A log-linear histogram on typed arrays: each power of two is cut into 32 equal buckets, so a quantile is off by at
 * most 1/64 of itself whatever the scale, values below 64 are exact, and observing costs a few nanoseconds.
 */
const SUB_BITS = 5;
const SUB_BUCKETS = 1 << SUB_BITS;
const MAX_EXPONENT = 42;

/** Values above count as this one: 73 minutes in nanoseconds. */
export const MAX_VALUE = 2 ** MAX_EXPONENT - 1;
export const BUCKETS = (MAX_EXPONENT - SUB_BITS + 1) * SUB_BUCKETS;
/** The most by which a quantile is off, relative to itself. */
export const RELATIVE_ERROR = 1 / (2 * SUB_BUCKETS);

/** Most latencies stay below 1 ms: start with that many buckets and grow when one does not. */
const FIRST_BUCKETS = (20 - SUB_BITS + 1) * SUB_BUCKETS;

export interface Histogram {
  /** By bucket; grows up to BUCKETS. */
  counts: Float64Array;
  count: number;
  sum: number;
  /** Infinity and -Infinity while empty. */
  min: number;
  max: number;
}

export function createHistogram(): Histogram {
  return { counts: new Float64Array(FIRST_BUCKETS), count: 0, sum: 0, min: Infinity, max: -Infinity };
}

/** The bucket of a value. Values below zero (a wire time inside the clock's bound) share the lowest one. */
export function bucketOf(value: number): number {
  if (value < SUB_BUCKETS) return value > 0 ? Math.floor(value) : 0;
  const capped = Math.min(value, MAX_VALUE);
  const exponent = capped < 2 ** 32 ? 31 - Math.clz32(capped) : 51 - Math.clz32(capped / 2 ** 20);
  const shift = exponent - SUB_BITS;
  return shift * SUB_BUCKETS + Math.floor(capped / 2 ** shift);
}

/** The smallest value of a bucket. */
export function bucketStart(bucket: number): number {
  const shift = Math.max(0, (bucket >> SUB_BITS) - 1);
  return (bucket - shift * SUB_BUCKETS) * 2 ** shift;
}

/** Counts a value `weight` times. */
export function observe(histogram: Histogram, value: number, weight = 1): void {
  const bucket = bucketOf(value);
  if (bucket >= histogram.counts.length) grow(histogram, bucket);
  histogram.counts[bucket] += weight;
  histogram.count += weight;
  histogram.sum += value * weight;
  if (value < histogram.min) histogram.min = value;
  if (value > histogram.max) histogram.max = value;
}

function grow(histogram: Histogram, bucket: number): void {
  const counts = new Float64Array(Math.min(BUCKETS, Math.max(bucket + 1, histogram.counts.length * 2)));
  counts.set(histogram.counts);
  histogram.counts = counts;
}

/**
 * The value that a share `q` (0 to 1) of all values does not exceed; NaN while empty.
 * Off by at most RELATIVE_ERROR, and never outside what was observed.
 */
export function quantile(histogram: Histogram, q: number): number {
  if (histogram.count === 0) return NaN;
  const rank = Math.max(1, Math.ceil(q * histogram.count));
  let seen = 0;
  let bucket = 0;
  while (bucket < histogram.counts.length - 1) {
    seen += histogram.counts[bucket];
    if (seen >= rank) break;
    bucket++;
  }
  return Math.min(histogram.max, Math.max(histogram.min, bucketMiddle(bucket)));
}

export const bucketMiddle = (bucket: number): number => (bucketStart(bucket) + bucketStart(bucket + 1) - 1) / 2;

/** Adds all that `from` counted to `into`. */
export function merge(into: Histogram, from: Histogram): void {
  if (from.counts.length > into.counts.length) grow(into, from.counts.length - 1);
  for (let i = 0; i < from.counts.length; i++) into.counts[i] += from.counts[i];
  into.count += from.count;
  into.sum += from.sum;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
}

export function clear(histogram: Histogram): void {
  histogram.counts.fill(0);
  histogram.count = 0;
  histogram.sum = 0;
  histogram.min = Infinity;
  histogram.max = -Infinity;
}
