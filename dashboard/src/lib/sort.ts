/** How lists are ordered by their columns, and the order of the path list. */
import type { RowShape } from '../worker/rows.ts';

export const columns = ['path', 'protocol', 'n', 'p50', 'p99', 'change', 'bytes', 'rate', 'loss'] as const;
export type Column = (typeof columns)[number];
export type Figure = Exclude<Column, 'path' | 'protocol'>;

export interface SortOf<C> {
  by: C;
  descending: boolean;
}
export type Sort = SortOf<Column>;

/** As `aria-sort` says it. */
export type Order = 'ascending' | 'descending' | 'none';

export const orderOf = <C>(column: C, { by, descending }: SortOf<C>): Order =>
  by !== column ? 'none' : descending ? 'descending' : 'ascending';

/** Once more by the same column turns the order round; of another, `names` go up at first and figures down. */
export const sortedBy = <C>(column: C, current: SortOf<C>, names: readonly C[]): SortOf<C> => ({
  by: column,
  descending: current.by === column ? !current.descending : !names.includes(column),
});

export const sortBy = (column: Column, current: Sort): Sort => sortedBy(column, current, ['path', 'protocol']);

/** Of a row, what an order needs that is no figure. */
export interface Named {
  shape: Pick<RowShape, 'name' | 'protocol'>;
}

/** The rows in order; unknown figures come last. Each figure is asked for once. */
export function sortRows<R extends Named>(
  rows: readonly R[],
  { by, descending }: Sort,
  figure: (row: R, by: Figure) => number,
): R[] {
  const sign = descending ? -1 : 1;
  const byName = (a: R, b: R): number => compareTexts(a.shape.name, b.shape.name);
  if (by === 'path') return rows.toSorted((a, b) => sign * byName(a, b));
  if (by === 'protocol')
    return rows.toSorted((a, b) => sign * compareTexts(a.shape.protocol, b.shape.protocol) || byName(a, b));
  const values = Float64Array.from(rows, (row) => figure(row, by));
  const places = rows.map((_, at) => at);
  places.sort((a, b) => compare(values[a], values[b], sign) || byName(rows[a], rows[b]));
  return places.map((at) => rows[at]);
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function compare(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : sign * (a < b ? -1 : 1);
}

/** The order kept: rows that are gone leave, new ones come last. `before` holds each of its rows in that order. */
export function keepOrder<R>(before: ReadonlySet<R>, rows: readonly R[]): R[] | undefined {
  const added = rows.filter((row) => !before.has(row));
  if (added.length === 0 && rows.length === before.size) return undefined;
  const now = new Set(rows);
  return [...[...before].filter((row) => now.has(row)), ...added];
}

/** The row that shows most: of those across nodes the most frequent. */
export function mostTelling<R extends { shape: Pick<RowShape, 'tunnelBytes'> }>(
  rows: readonly R[],
  joined: (row: R) => number,
): R | undefined {
  let best: R | undefined;
  let most = -1;
  for (const row of rows) {
    const weight = joined(row) * (row.shape.tunnelBytes > 0 ? 1000 : 1);
    if (weight > most) [best, most] = [row, weight];
  }
  return best;
}
