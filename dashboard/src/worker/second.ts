/** One second of some rows: its times as percentiles and bands, its packets and bytes. */
import { CELLS_PER_SERIES, type Cells } from '../../../agent/histogram/cells.ts';
import { createHistogram, quantile, type Histogram } from '../../../agent/histogram/histogram.ts';
import { BANDS, bandOfBucket } from '../lib/bands.ts';

/** What a series is for: bits, by its number. */
export type Uses = Uint8Array;
export const Use = { time: 1, queue: 2, joined: 4, lost: 8, bytes: 16, again: 32 } as const;

export interface SecondFigures {
  /** Times that the percentiles rest on. */
  n: number;
  p50Ns: number;
  p90Ns: number;
  p99Ns: number;
  queueP50Ns: number;
  queueP99Ns: number;
  joined: number;
  lost: number;
  bytes: number;
  again: number;
  /** Times by band. */
  bands: Float32Array;
}

const createScratch = (): Histogram => ({
  ...createHistogram(),
  counts: new Float64Array(CELLS_PER_SERIES),
  min: 0,
  max: Infinity,
});
/** Used again for every second. */
const times = createScratch();
const queue = createScratch();

function clear(histogram: Histogram): void {
  histogram.counts.fill(0);
  histogram.count = 0;
}

function observe(histogram: Histogram, bucket: number, count: number): void {
  histogram.counts[bucket] += count;
  histogram.count += count;
}

export function figuresOfSecond({ keys, counts }: Cells, uses: Uses): SecondFigures {
  clear(times);
  clear(queue);
  const bands = new Float32Array(BANDS);
  const sums = { joined: 0, lost: 0, bytes: 0, again: 0 };
  for (let at = 0; at < keys.length; at++) {
    const bucket = keys[at] % CELLS_PER_SERIES;
    const use = uses[(keys[at] - bucket) / CELLS_PER_SERIES] ?? 0;
    if (use === 0) continue;
    const count = counts[at];
    if (use & Use.time) {
      observe(times, bucket, count);
      bands[bandOfBucket(bucket)] += count;
    }
    if (use & Use.queue) observe(queue, bucket, count);
    if (use & Use.joined) sums.joined += count;
    else if (use & Use.lost) sums.lost += count;
    else if (use & Use.bytes) sums.bytes += count;
    else if (use & Use.again) sums.again += count;
  }
  return {
    n: times.count, p50Ns: quantile(times, 0.5), p90Ns: quantile(times, 0.9), p99Ns: quantile(times, 0.99),
    queueP50Ns: quantile(queue, 0.5), queueP99Ns: quantile(queue, 0.99), ...sums, bands,
  }; // prettier-ignore
}
