/** The histograms of every series over a span of seconds, kept up as seconds come and go. */
import { clear, createHistogram, merge, quantile, type Histogram } from '../../../agent/histogram/histogram.ts';
import { CELLS_PER_SERIES } from '../../../agent/histogram/cells.ts';
import type { Second } from './history.ts';

export interface Window {
  add(key: number, weight: number): void;
  addSecond(second: Second): void;
  removeSecond(second: Second): void;
  clear(): void;
  count(series: number): number;
  /** By bucket; undefined where nothing ever was. */
  counts(series: number): Float64Array | undefined;
  /** NaN while empty. */
  quantile(series: number, q: number): number;
  /** Of all values of these series together; NaN while empty. */
  quantiles(series: readonly number[], quantiles: readonly number[]): number[];
}

export function createWindow(): Window {
  const histograms: (Histogram | undefined)[] = [];
  /** Made use of again and again. */
  const sum = createHistogram();

  function histogramOf(series: number, bucket: number): Histogram {
    // Values may leave again, so the extremes are not known: quantiles come from the buckets alone.
    const histogram = (histograms[series] ??= { ...createHistogram(), min: 0, max: Infinity });
    if (bucket >= histogram.counts.length) {
      const counts = new Float64Array(CELLS_PER_SERIES);
      counts.set(histogram.counts);
      histogram.counts = counts;
    }
    return histogram;
  }

  function add(key: number, weight: number): void {
    const bucket = key % CELLS_PER_SERIES;
    const histogram = histogramOf((key - bucket) / CELLS_PER_SERIES, bucket);
    histogram.counts[bucket] += weight;
    histogram.count += weight;
  }

  const addAll = ({ keys, counts }: Second, sign: number): void => {
    for (let at = 0; at < keys.length; at++) add(keys[at], sign * counts[at]);
  };

  return {
    add,
    addSecond: (second) => addAll(second, 1),
    removeSecond: (second) => addAll(second, -1),
    clear() {
      for (const histogram of histograms) {
        if (!histogram || histogram.count === 0) continue;
        histogram.counts.fill(0);
        histogram.count = 0;
      }
    },
    count: (series) => histograms[series]?.count ?? 0,
    counts: (series) => histograms[series]?.counts,
    quantile: (series, q) => (histograms[series] ? quantile(histograms[series], q) : NaN),
    quantiles(series, quantiles) {
      clear(sum);
      for (const one of series) if (histograms[one]) merge(sum, histograms[one]);
      return quantiles.map((q) => quantile(sum, q));
    },
  };
}
