/** What every series counts over a span of seconds, kept up as seconds come and go. */
import { quantile } from '../../../agent/histogram/histogram.ts';
import { CELLS_PER_SERIES } from '../../../agent/histogram/cells.ts';
import type { Second } from './history.ts';
import { addTo, clearScratch, createScratch } from './scratch.ts';
import { addToTally, countOf, tallyQuantile, type Tally } from './tally.ts';

export interface Window {
  add(key: number, weight: number): void;
  addSecond(second: Second): void;
  removeSecond(second: Second): void;
  clear(): void;
  count(series: number): number;
  /** Buckets with their counts, one behind the other. */
  tally(series: number): Readonly<Tally>;
  /** NaN while empty. */
  quantile(series: number, q: number): number;
  /** Of all values of these series together; NaN while empty. */
  quantiles(series: readonly number[], quantiles: readonly number[]): number[];
}

const nothing: Tally = [];

export function createWindow(): Window {
  const tallies: (Tally | undefined)[] = [];
  /** Made use of again and again. */
  const sum = createScratch();

  function add(key: number, weight: number): void {
    const bucket = key % CELLS_PER_SERIES;
    const series = (key - bucket) / CELLS_PER_SERIES;
    // Without a hole: an array with large ones is no array to the engine.
    while (tallies.length <= series) tallies.push(undefined);
    addToTally((tallies[series] ??= []), bucket, weight);
  }

  const addAll = ({ keys, counts }: Second, sign: number): void => {
    for (let at = 0; at < keys.length; at++) add(keys[at], sign * counts[at]);
  };

  const tally = (series: number): Tally => tallies[series] ?? nothing;

  return {
    add,
    addSecond: (second) => addAll(second, 1),
    removeSecond: (second) => addAll(second, -1),
    clear: () => void tallies.fill(undefined),
    count: (series) => countOf(tally(series)),
    tally,
    quantile: (series, q) => tallyQuantile(tally(series), q),
    quantiles(series, quantiles) {
      clearScratch(sum);
      for (const one of series) {
        const some = tally(one);
        for (let at = 0; at < some.length; at += 2) addTo(sum, some[at], some[at + 1]);
      }
      return quantiles.map((q) => quantile(sum, q));
    },
  };
}
