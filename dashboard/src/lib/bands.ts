/** Bands of the heat map: quarters of an octave. The histogram's own buckets are finer than anybody can see. */
import { CELLS_PER_SERIES } from '../../../agent/histogram/cells.ts';
import { BUCKETS, bucketMiddle } from '../../../agent/histogram/histogram.ts';

const PER_OCTAVE = 4;
/** What is faster shares the lowest band, as do times across nodes that lie below the clock's bound. */
export const LOWEST_NS = 64;

/** Where a time lies on a logarithmic scale, in bands. */
export const bandAt = (timeNs: number): number =>
  timeNs < LOWEST_NS ? 0 : 1 + PER_OCTAVE * Math.log2(timeNs / LOWEST_NS);

export const bandOf = (timeNs: number): number => Math.floor(bandAt(timeNs));

/** The smallest time of a band. */
export const bandStart = (band: number): number => (band === 0 ? 0 : LOWEST_NS * 2 ** ((band - 1) / PER_OCTAVE));

const ofBucket = Uint8Array.from({ length: CELLS_PER_SERIES }, (_, bucket) =>
  bandOf(bucketMiddle(Math.min(bucket, BUCKETS - 1))),
);

export const bandOfBucket = (bucket: number): number => ofBucket[bucket];

export const BANDS = ofBucket[CELLS_PER_SERIES - 1] + 1;
