/** Groups of the path list: the rows under a head that sums them up. */
import type { Name } from '../../../agent/names/name.ts';
import type { RowShape } from '../worker/rows.ts';
import type { Figures } from './row.ts';

export const groupings = [
  { value: 'none', text: 'none', title: 'the paths alone' },
  { value: 'nodes', text: 'nodes', title: 'from which node to which' },
  { value: 'namespaces', text: 'namespaces', title: 'from which namespace to which' },
  { value: 'workloads', text: 'workloads', title: 'from which workload to which' },
] as const;
export type Grouping = (typeof groupings)[number]['value'];

/** What paths have in common that stand under one head. */
export interface Head {
  name: string;
  /** Of the rows in order: from here on, so many. */
  from: number;
  paths: number;
}

export interface Group extends Head {
  /** Sums of the rows, and their worst p99. */
  n: number;
  lost: number;
  bytesPerSecond: number;
  p99Ns: number;
}

/** What is needed of a row. */
export interface Grouped {
  shape: Pick<RowShape, 'ends' | 'hops' | 'source' | 'destination'>;
}

const UNNAMED = 'unnamed';

const namespaceOf = (name: Name | undefined, service: Name | undefined): string =>
  name?.namespace ?? service?.namespace ?? UNNAMED;

const workloadOf = (name: Name | undefined, address: string): string => {
  if (!name) return address;
  const full = name.workload ?? name.name;
  return name.namespace === null ? full : `${name.namespace}/${full}`;
};

/** From whom to whom, at the coarseness asked for. */
export function groupName({ shape }: Grouped, by: Exclude<Grouping, 'none'>): string {
  const { ends, hops } = shape;
  switch (by) {
    case 'nodes':
      return `${hops[0].node} ▸ ${hops.at(-1)!.node}`;
    case 'namespaces':
      return `${namespaceOf(ends.source, ends.answering)} ▸ ${namespaceOf(ends.destination, ends.addressed)}`;
    case 'workloads':
      return `${workloadOf(ends.source, shape.source)} ▸ ${workloadOf(ends.destination, shape.destination)}`;
  }
}

export interface InGroups<R> {
  order: R[];
  heads: Head[];
}

/** The same rows, those of one group side by side under their head; groups and their rows keep the order that they had. */
export function sortIntoGroups<R extends Grouped>(order: R[], by: Grouping): InGroups<R> {
  if (by === 'none') return { order, heads: [] };
  const groups = new Map<string, R[]>();
  for (const row of order) {
    const name = groupName(row, by);
    const rows = groups.get(name);
    if (rows) rows.push(row);
    else groups.set(name, [row]);
  }
  const heads: Head[] = [];
  const sorted: R[] = [];
  for (const [name, rows] of groups) {
    heads.push({ name, from: sorted.length, paths: rows.length });
    for (const row of rows) sorted.push(row);
  }
  return { order: sorted, heads };
}

type Summed = Pick<Figures, 'joined' | 'lost' | 'bytesPerSecond' | 'p99Ns'>;

export function groupOf(head: Head, rows: Iterable<Summed>): Group {
  const group: Group = { ...head, n: 0, lost: 0, bytesPerSecond: 0, p99Ns: NaN };
  for (const { joined, lost, bytesPerSecond, p99Ns } of rows) {
    group.n += joined + lost;
    group.lost += lost;
    group.bytesPerSecond += bytesPerSecond;
    if (!(p99Ns <= group.p99Ns) && !Number.isNaN(p99Ns)) group.p99Ns = p99Ns;
  }
  return group;
}

/** Rows and heads stand one under the other. What stands on a line: a head or a row, by its place among its own. */
export function lineAt(heads: readonly Head[], line: number): { head: number } | { row: number } {
  const before = headsBefore(heads, (head, at) => head.from + at <= line);
  const isHead = before > 0 && heads[before - 1].from + before - 1 === line;
  return isHead ? { head: before - 1 } : { row: line - before };
}

/** On which line a row stands. */
export const lineOf = (heads: readonly Head[], row: number): number =>
  row + headsBefore(heads, (head) => head.from <= row);

/** How many of them, all of which come first, are so. */
function headsBefore(heads: readonly Head[], isSo: (head: Head, at: number) => boolean): number {
  let [low, high] = [0, heads.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSo(heads[middle], middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
