/**
 * Counts by bucket of one series of thousands: only buckets that count something, in order, each followed by its count. Most
 * series have a handful, where a histogram's columns would have room for hundreds.
 */
import { bucketMiddle } from '../../../agent/histogram/histogram.ts';

export type Tally = number[];

/** What sums of fractions leave where all was taken away again. */
const NOTHING = 1e-6;

/** A bucket that counts nothing any more is gone. */
export function addToTally(tally: Tally, bucket: number, weight: number): void {
  const at = placeOf(tally, bucket);
  if (tally[at] !== bucket) tally.splice(at, 0, bucket, weight);
  else {
    tally[at + 1] += weight;
    if (Math.abs(tally[at + 1]) < NOTHING) tally.splice(at, 2);
  }
}

/** Where the bucket is, or would be. */
function placeOf(tally: Tally, bucket: number): number {
  let [low, high] = [0, tally.length >> 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tally[2 * middle] < bucket) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}

export function countOf(tally: Tally): number {
  let count = 0;
  for (let at = 1; at < tally.length; at += 2) count += tally[at];
  return count;
}

/** As histogram.ts's quantile; NaN while empty. */
export function tallyQuantile(tally: Tally, q: number): number {
  if (tally.length === 0) return NaN;
  const rank = Math.max(1, Math.ceil(q * countOf(tally)));
  let at = 0;
  for (let seen = tally[1]; seen < rank && at < tally.length - 2; seen += tally[at + 1]) at += 2;
  return Math.max(0, bucketMiddle(tally[at]));
}
