/** How much was lost of what two ends sent each other: what arrived and what did not stand in rows of their own. */
import { seriesOf, Series, type Row } from './rows.ts';
import type { Window } from './window.ts';

/** Of one pair of ends. */
interface Sums {
  sent: number;
  lost: number;
}

/**
 * The share of a row, made of all rows when it is first asked for: of a lost one how much of the ends' packets were lost in its way, of
 * one that arrived how much of them did not. What was lost before its destination was translated is a part of all that was sent there.
 * NaN without packets.
 */
export function createLossShares(rows: () => Iterable<Row>, window: Window): (row: Row) => number {
  const count = (row: Row, series: number): number => window.count(seriesOf(row, series));
  let pairs: Map<number, Sums> | undefined;

  return (row) => {
    pairs ??= sumUp(rows, count);
    const sums = pairs.get(row.pair);
    if (sums) return (row.shape.isLost ? count(row, Series.lost) : sums.lost) / sums.sent;
    return count(row, Series.joined) > 0 ? 0 : NaN;
  };
}

/** Those that lost anything, which are few. */
function sumUp(rows: () => Iterable<Row>, count: (row: Row, series: number) => number): Map<number, Sums> {
  const pairs = new Map<number, Sums>();
  for (const row of rows()) {
    const lost = row.shape.isLost ? count(row, Series.lost) : 0;
    if (lost === 0) continue;
    const sums = pairs.get(row.pair) ?? { sent: 0, lost: 0 };
    sums.lost += lost;
    pairs.set(row.pair, sums);
  }
  if (pairs.size === 0) return pairs;
  const add = (pair: number, row: Row): void => {
    const sums = pairs.get(pair);
    if (sums) sums.sent += count(row, Series.joined) + count(row, Series.lost);
  };
  for (const row of rows()) {
    add(row.pair, row);
    if (row.asked !== row.pair) add(row.asked, row);
  }
  return pairs;
}
