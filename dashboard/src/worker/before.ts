/**
 * What the rows' times were before: in as many seconds as are shown, right before them. These seconds are taken anew every
 * few seconds, not with each view; what changed in that time changed little of it. A row's are added up when it is asked for;
 * when many are, all of them in one go through the seconds.
 */
import { quantile } from '../../../agent/histogram/histogram.ts';
import { bucketOfKey, cellKey, lowerBoundFrom } from '../../../agent/histogram/cells.ts';
import { lengthOf, type Span } from '../lib/span.ts';
import type { History, Second } from './history.ts';
import { Series, seriesOf, type Row, type Rows } from './rows.ts';
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
/** Whoever asks for so many asks for all. */
export const MANY = 1000;

export function createBefore(history: History, rows: Pick<Rows, 'all'>): Before {
  let looked: Span | undefined;
  let seconds: readonly Second[] = [];
  /** By series, of these seconds. */
  const known = new Map<number, number>();
  let isSwept = false;

  const isRecent = (span: Span): boolean =>
    looked !== undefined &&
    lengthOf(span) === lengthOf(looked) &&
    span.from >= looked.from &&
    span.from - looked.from < RENEWED_SECONDS;

  const totalOf = (row: Row): number => seriesOf(row, Series.total);

  function sweep(): void {
    const p99Of = createSweep(seconds);
    for (const total of Uint32Array.from(rows.all(), totalOf).sort()) known.set(total, p99Of(total));
    isSwept = true;
  }

  return {
    look(span) {
      if (isRecent(span)) return;
      looked = { ...span };
      seconds = history.seconds({ from: span.from - lengthOf(span), to: span.from });
      known.clear();
      isSwept = false;
    },
    p99Ns(row) {
      const total = totalOf(row);
      const p99Ns = known.get(total);
      if (p99Ns !== undefined) return p99Ns;
      if (known.size >= MANY && !isSwept) sweep();
      else known.set(total, createSweep(seconds)(total));
      return known.get(total)!;
    },
  };
}

const times = createScratch();

/** Tells p99 of one series after the other, each behind the one before: so each second is gone through once. */
function createSweep(seconds: readonly Second[]): (series: number) => number {
  const places = new Uint32Array(seconds.length);

  function addSecond({ keys, counts }: Second, second: number, series: number): void {
    const end = cellKey(series + 1, 0);
    let at = lowerBoundFrom(keys, cellKey(series, 0), places[second]);
    for (; at < keys.length && keys[at] < end; at++) addTo(times, bucketOfKey(keys[at]), counts[at]);
    places[second] = at;
  }

  return (series) => {
    clearScratch(times);
    for (let second = 0; second < seconds.length; second++) addSecond(seconds[second], second, series);
    return times.count >= LEAST_PACKETS ? quantile(times, 0.99) : NaN;
  };
}
