/** How lists are ordered by their columns, and the order of the path list. */
import type { RowColumns } from '../worker/messages.ts';
import type { RowShape } from '../worker/rows.ts';

export const columns = ['path', 'protocol', 'n', 'p50', 'p99', 'change', 'bytes', 'rate', 'loss'] as const;
export type Column = (typeof columns)[number];

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

/** Of one packet in so many; NaN without any. */
export const lossOf = (rows: RowColumns, at: number): number => rows.lost[at] / (rows.lost[at] + rows.joined[at]);

/** Ids of the rows in order. What never arrived took longer than everything that did; unknown comes last. */
export function sortRows(rows: RowColumns, shapes: ReadonlyMap<number, RowShape>, { by, descending }: Sort): number[] {
  const indices = Array.from(rows.ids, (_, at) => at);
  const sign = descending ? -1 : 1;
  const name = (at: number): string => shapes.get(rows.ids[at])?.name ?? '';
  const byName = (a: number, b: number): number => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
  if (by === 'path') indices.sort((a, b) => sign * byName(a, b));
  else if (by === 'protocol') {
    const protocol = (at: number): string => shapes.get(rows.ids[at])?.protocol ?? '';
    indices.sort((a, b) => sign * protocol(a).localeCompare(protocol(b)) || byName(a, b));
  } else {
    const values = indices.map((at) => figure(rows, shapes, at, by));
    indices.sort((a, b) => compare(values[a], values[b], sign) || byName(a, b));
  }
  return indices.map((at) => rows.ids[at]);
}

function compare(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : sign * (a < b ? -1 : 1);
}

function figure(rows: RowColumns, shapes: ReadonlyMap<number, RowShape>, at: number, by: Column): number {
  switch (by) {
    case 'n':
      return rows.joined[at] + rows.lost[at];
    case 'p50':
    case 'p99':
      return rows.joined[at] === 0 ? Infinity : (by === 'p50' ? rows.p50Ns : rows.p99Ns)[at];
    case 'change':
      return rows.changeNs[at];
    case 'bytes':
      return shapes.get(rows.ids[at])?.tunnelBytes ?? 0;
    case 'rate':
      return rows.bytesPerSecond[at];
    case 'loss':
      return lossOf(rows, at);
    case 'path':
    case 'protocol':
      return 0;
  }
}

/** The order kept: rows that are gone leave, new ones come last. */
export function keepOrder(before: number[], ids: Uint32Array): number[] {
  const [now, known] = [new Set(ids), new Set(before)];
  const kept = before.filter((id) => now.has(id));
  const added = Array.from(ids).filter((id) => !known.has(id));
  return added.length === 0 && kept.length === before.length ? before : [...kept, ...added];
}

/** The row that shows most: of those across nodes the most frequent. */
export function mostTelling(rows: RowColumns, shapes: ReadonlyMap<number, RowShape>): number | undefined {
  const weight = (at: number): number => {
    const shape = shapes.get(rows.ids[at]);
    return rows.joined[at] * (shape && shape.tunnelBytes > 0 ? 1000 : 1);
  };
  const best = Array.from(rows.ids, (_, at) => at).sort((a, b) => weight(b) - weight(a))[0];
  return best === undefined ? undefined : rows.ids[best];
}
