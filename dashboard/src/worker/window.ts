/** What every series counts over a span of seconds, kept up as seconds come and go. */
import { quantile } from '../../../agent/histogram/histogram.ts';
import { bucketOfKey, seriesOfKey } from '../../../agent/histogram/cells.ts';
import type { Second } from './history.ts';
import { addTo, clearScratch, createScratch } from './scratch.ts';
import { createTallies, type Tallies } from './tallies.ts';

export interface Window extends Pick<Tallies, 'clear' | 'count' | 'visit' | 'quantile'> {
  add(key: number, weight: number): void;
  addSecond(second: Second): void;
  removeSecond(second: Second): void;
  /** Of all values of these series together; NaN while empty. */
  quantiles(series: readonly number[], quantiles: readonly number[]): number[];
}

export function createWindow(): Window {
  const tallies = createTallies();
  /** Made use of again and again. */
  const sum = createScratch();
  const addToSum = (bucket: number, count: number): void => addTo(sum, bucket, count);

  const add = (key: number, weight: number): void => tallies.add(seriesOfKey(key), bucketOfKey(key), weight);

  const addAll = ({ keys, counts }: Second, sign: number): void => {
    for (let at = 0; at < keys.length; at++) add(keys[at], sign * counts[at]);
  };

  return {
    ...tallies,
    add,
    addSecond: (second) => addAll(second, 1),
    removeSecond: (second) => addAll(second, -1),
    quantiles(series, quantiles) {
      clearScratch(sum);
      for (const one of series) tallies.visit(one, addToSum);
      return quantiles.map((q) => quantile(sum, q));
    },
  };
}
