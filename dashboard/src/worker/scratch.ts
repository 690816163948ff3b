/** A histogram that is filled from cells, read and filled again; of cells the extremes are not known. */
import { createHistogram, type Histogram } from '../../../agent/histogram/histogram.ts';
import { CELLS_PER_SERIES } from '../../../agent/histogram/cells.ts';

export const createScratch = (): Histogram => ({
  ...createHistogram(),
  counts: new Float64Array(CELLS_PER_SERIES),
  min: 0,
  max: Infinity,
});

export function clearScratch(scratch: Histogram): void {
  scratch.counts.fill(0);
  scratch.count = 0;
}

export function addTo(scratch: Histogram, bucket: number, count: number): void {
  scratch.counts[bucket] += count;
  scratch.count += count;
}
