/**
 * What the rows' times were before: in as many seconds as are shown, right before them. It is added up anew every few
 * seconds, not with each view; what changed in that time changed little of it.
 */
import { lengthOf, type Span } from '../lib/span.ts';
import type { History } from './history.ts';
import { createWindow } from './window.ts';
import { Series, seriesOf, type Row } from './rows.ts';

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
  const window = createWindow();
  let summed: Span | undefined;

  const isRecent = (span: Span): boolean =>
    summed !== undefined &&
    lengthOf(span) === lengthOf(summed) &&
    span.from >= summed.from &&
    span.from - summed.from < RENEWED_SECONDS;

  return {
    look(span) {
      if (isRecent(span)) return;
      summed = { ...span };
      window.clear();
      const before = { from: span.from - lengthOf(span), to: span.from };
      for (const second of history.seconds(before)) window.addSecond(second);
    },
    p99Ns(row) {
      const total = seriesOf(row, Series.total);
      return window.count(total) >= LEAST_PACKETS ? window.quantile(total, 0.99) : NaN;
    },
  };
}
