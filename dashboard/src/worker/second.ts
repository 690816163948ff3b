/** One second of some rows: its times as percentiles and bands, its packets and bytes. */
import { bucketOfKey, seriesOfKey, type Cells } from '../../../agent/histogram/cells.ts';
import { quantile } from '../../../agent/histogram/histogram.ts';
import { BANDS, bandOfBucket } from '../lib/bands.ts';
import { addTo, clearScratch, createScratch } from './scratch.ts';

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

/** Used again for every second. */
const times = createScratch();
const queue = createScratch();

export function figuresOfSecond({ keys, counts }: Cells, uses: Uses): SecondFigures {
  clearScratch(times);
  clearScratch(queue);
  const bands = new Float32Array(BANDS);
  const sums = { joined: 0, lost: 0, bytes: 0, again: 0 };
  for (let at = 0; at < keys.length; at++) {
    const use = uses[seriesOfKey(keys[at])] ?? 0;
    if (use === 0) continue;
    const bucket = bucketOfKey(keys[at]);
    const count = counts[at];
    if (use & Use.time) {
      addTo(times, bucket, count);
      bands[bandOfBucket(bucket)] += count;
    }
    if (use & Use.queue) addTo(queue, bucket, count);
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
