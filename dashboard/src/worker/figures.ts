/** Figures of one row over what is shown. */
import type { Figures } from '../lib/row.ts';
import type { Figure } from '../lib/sort.ts';
import type { Before } from './before.ts';
import { createLossShares } from './losses.ts';
import { seriesOf, Series, type Row } from './rows.ts';
import type { Window } from './window.ts';

/** What figures are made of. */
export interface Measured {
  window: Window;
  before: Before;
  /** Of the span that is shown, those that are held. */
  seconds: number;
  /** All that there are. */
  rows: () => Iterable<Row>;
}

export type Sums = Pick<Figures, 'joined' | 'lost' | 'bytesPerSecond' | 'p99Ns'>;

export interface RowFigures {
  of: (row: Row) => Figures;
  /** Those that groups add up. */
  sums: (row: Row) => Sums;
  joined: (row: Row) => number;
  /** The one by which rows are sorted. */
  one: (row: Row, which: Figure) => number;
}

export function createFigures({ window, before, seconds, rows }: Measured): RowFigures {
  const count = (row: Row, series: number): number => window.count(seriesOf(row, series));
  const total = (row: Row, q: number): number => window.quantile(seriesOf(row, Series.total), q);
  const lossShare = createLossShares(rows, window);
  const perSecond = (row: Row): number => count(row, Series.bytes) / seconds;

  const ofSegments = (row: Row, q: number): Float64Array =>
    Float64Array.from(row.shape.segments, (_, at) => window.quantile(row.base + at, q));

  /** What never arrived took longer than everything that did. */
  const time = (row: Row, q: number): number => (count(row, Series.joined) === 0 ? Infinity : total(row, q));

  const sums = (row: Row): Sums => ({
    joined: count(row, Series.joined),
    lost: count(row, Series.lost),
    bytesPerSecond: perSecond(row),
    p99Ns: total(row, 0.99),
  });

  return {
    of(row) {
      const summed = sums(row);
      return {
        ...summed,
        lossShare: lossShare(row),
        p50Ns: total(row, 0.5),
        changeNs: summed.p99Ns - before.p99Ns(row),
        changeBoundNs: window.quantile(seriesOf(row, Series.relative), 0.5),
        boundNs: boundOf(row, window),
        innerBytes: row.shape.tunnelBytes > 0 ? count(row, Series.inner) / count(row, Series.size) : NaN,
        segmentP50Ns: ofSegments(row, 0.5),
        segmentP99Ns: ofSegments(row, 0.99),
      };
    },
    sums,
    joined: (row) => count(row, Series.joined),
    one(row, which) {
      switch (which) {
        case 'n':
          return count(row, Series.joined) + count(row, Series.lost);
        case 'p50':
          return time(row, 0.5);
        case 'p99':
          return time(row, 0.99);
        case 'change':
          return total(row, 0.99) - before.p99Ns(row);
        case 'bytes':
          return row.shape.tunnelBytes;
        case 'rate':
          return perSecond(row);
        case 'loss':
          return lossShare(row);
      }
    },
  };
}

/** Of its times between nodes, the median: before clocks are known well the bounds of a few are a thousand times wider. NaN unknown. */
export const boundOf = (row: Row, window: Window): number => window.quantile(seriesOf(row, Series.bound), 0.5);
