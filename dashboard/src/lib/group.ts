/** Groups of the path list: the rows under a head that sums them up. */
import type { RowColumns } from '../worker/messages.ts';
import type { RowShape } from '../worker/rows.ts';
import type { Name } from '../../../agent/names/name.ts';

export const groupings = [
  { value: 'none', text: 'none', title: 'the paths alone' },
  { value: 'nodes', text: 'nodes', title: 'from which node to which' },
  { value: 'namespaces', text: 'namespaces', title: 'from which namespace to which' },
  { value: 'workloads', text: 'workloads', title: 'from which workload to which' },
] as const;
export type Grouping = (typeof groupings)[number]['value'];

/** What two paths of one group have in common. */
export interface Group {
  name: string;
  /** Of the list: rows from here on, up to the next group. */
  from: number;
  paths: number;
  /** Sums of the rows, and their worst p99. */
  n: number;
  lost: number;
  bytesPerSecond: number;
  p99Ns: number;
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
export function groupName(shape: RowShape, by: Exclude<Grouping, 'none'>): string {
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

/** The same rows, those of one group side by side; groups and their rows keep the order that they had. */
export function sortIntoGroups(order: number[], shapes: ReadonlyMap<number, RowShape>, by: Grouping): number[] {
  if (by === 'none') return order;
  const groups = new Map<string, number[]>();
  for (const id of order) {
    const shape = shapes.get(id);
    const name = shape ? groupName(shape, by) : '';
    const ids = groups.get(name);
    if (ids) ids.push(id);
    else groups.set(name, [id]);
  }
  return [...groups.values()].flat();
}

export interface Known {
  id: number;
  shape: RowShape;
  /** Of the columns. */
  at: number;
}

/** The heads of rows that are sorted into groups. */
export function groupsOf(known: readonly Known[], rows: RowColumns, by: Grouping): Group[] {
  const groups: Group[] = [];
  if (by === 'none') return groups;
  known.forEach(({ shape, at }, from) => {
    const name = groupName(shape, by);
    if (groups.at(-1)?.name !== name)
      groups.push({ name, from, paths: 0, n: 0, lost: 0, bytesPerSecond: 0, p99Ns: NaN });
    const group = groups.at(-1)!;
    group.paths++;
    group.n += rows.joined[at] + rows.lost[at];
    group.lost += rows.lost[at];
    group.bytesPerSecond += rows.bytesPerSecond[at];
    if (!(rows.p99Ns[at] <= group.p99Ns) && !Number.isNaN(rows.p99Ns[at])) group.p99Ns = rows.p99Ns[at];
  });
  return groups;
}

/** Rows and heads as the list shows them, one under the other. */
export type Line = { group: Group } | { row: Known };

export function linesOf(known: readonly Known[], groups: readonly Group[]): Line[] {
  const lines: Line[] = [];
  let next = 0;
  known.forEach((row, at) => {
    if (groups[next]?.from === at) lines.push({ group: groups[next++] });
    lines.push({ row });
  });
  return lines;
}
