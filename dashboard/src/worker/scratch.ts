/** A histogram that is filled from cells, read and filled again; of cells the extremes are not known. */
import { createHistogram, type Histogram } from '../../../agent/histogram/histogram.ts';
import { CELLS_PER_SERIES } from '../../../agent/histogram/cells.ts';

export interface Scratch extends Histogram {
  /** Of the buckets that may count something. */
  least: number;
  most: number;
}

export const createScratch = (): Scratch => ({
  ...createHistogram(),
  counts: new Float64Array(CELLS_PER_SERIES),
  min: 0,
  max: Infinity,
  least: CELLS_PER_SERIES,
  most: 0,
});

/** Most fill few buckets, and there are many to fill it. */
export function clearScratch(scratch: Scratch): void {
  scratch.counts.fill(0, scratch.least, scratch.most + 1);
  scratch.count = 0;
  scratch.least = CELLS_PER_SERIES;
  scratch.most = 0;
}

export function addTo(scratch: Scratch, bucket: number, count: number): void {
  scratch.counts[bucket] += count;
  scratch.count += count;
  if (bucket < scratch.least) scratch.least = bucket;
  if (bucket > scratch.most) scratch.most = bucket;
}
