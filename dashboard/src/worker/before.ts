/**
 * What the rows' times were before: in as many seconds as are shown, right before them. These seconds are taken anew every
 * few seconds, not with each view; what changed in that time changed little of it. A row's are added up when it is asked for.
 */
import { quantile } from '../../../agent/histogram/histogram.ts';
import { CELLS_PER_SERIES, cellKey, lowerBound } from '../../../agent/histogram/cells.ts';
import { lengthOf, type Span } from '../lib/span.ts';
import type { History, Second } from './history.ts';
import { Series, seriesOf, type Row } from './rows.ts';
import { addTo, clearScratch, createScratch } from './scratch.ts';

export interface Before {
  /** The span that is shown now. */
  look(span: Span): void;
  /** The row's p99 before, in nanoseconds; NaN where too few packets tell it. */
  p99Ns(row: Row): number;
}

/** With fewer the 99th of 100 is nobody. */
export const LEAST_PACKETS = 50;
const RENEWED_SECONDS = 5;

export function createBefore(history: History): Before {
  let looked: Span | undefined;
  let seconds: readonly Second[] = [];
  /** By series, of these seconds. */
  const known = new Map<number, number>();

  const isRecent = (span: Span): boolean =>
    looked !== undefined &&
    lengthOf(span) === lengthOf(looked) &&
    span.from >= looked.from &&
    span.from - looked.from < RENEWED_SECONDS;

  return {
    look(span) {
      if (isRecent(span)) return;
      looked = { ...span };
      seconds = history.seconds({ from: span.from - lengthOf(span), to: span.from });
      known.clear();
    },
    p99Ns(row) {
      const total = seriesOf(row, Series.total);
      let p99Ns = known.get(total);
      if (p99Ns === undefined) known.set(total, (p99Ns = p99Of(seconds, total)));
      return p99Ns;
    },
  };
}

const times = createScratch();

function p99Of(seconds: readonly Second[], series: number): number {
  clearScratch(times);
  for (const { keys, counts } of seconds) {
    const end = lowerBound(keys, cellKey(series + 1, 0));
    for (let at = lowerBound(keys, cellKey(series, 0)); at < end; at++)
      addTo(times, keys[at] % CELLS_PER_SERIES, counts[at]);
  }
  return times.count >= LEAST_PACKETS ? quantile(times, 0.99) : NaN;
}
