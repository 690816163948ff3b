import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Name } from '../../../agent/names/name.ts';
import type { RowColumns } from '../worker/messages.ts';
import type { RowShape } from '../worker/rows.ts';
import { groupings, groupName, groupsOf, linesOf, sortIntoGroups } from './group.ts';

const pod = (namespace: string | null, workload: string | null): Name =>
  ({ kind: 'pod', name: 'web-1', namespace, workload, node: null }) as Name;

const shapeOf = (id: number, from: string, to: string, source?: Name): RowShape =>
  ({
    id, source: '10.0.0.1', destination: '10.0.0.2', hops: [{ node: from }, { node: to }],
    ends: { source, destination: undefined, addressed: undefined, answering: undefined },
  }) as RowShape; // prettier-ignore

const nodes = fc.constantFrom('n1', 'n2', 'n3');
const lists = fc
  .array(fc.record({ from: nodes, to: nodes, joined: fc.nat(50), lost: fc.nat(5), p99: fc.oneof(fc.nat(9), fc.constant(NaN)) }), { maxLength: 40 })
  .map((rows) => ({
    shapes: new Map(rows.map(({ from, to }, id) => [id, shapeOf(id, from, to)])),
    order: rows.map((_, id) => id),
    columns: {
      joined: Float64Array.from(rows, ({ joined }) => joined), lost: Float64Array.from(rows, ({ lost }) => lost),
      p99Ns: Float64Array.from(rows, ({ p99 }) => p99), bytesPerSecond: Float64Array.from(rows, () => 10),
    } as RowColumns,
  })); // prettier-ignore

test('groups hold all rows, each once and in their order, and sum them up', () => {
  fc.assert(
    fc.property(lists, fc.constantFrom(...groupings.map(({ value }) => value)), ({ shapes, order, columns }, by) => {
      const sorted = sortIntoGroups(order, shapes, by);
      expect(sorted.toSorted((a, b) => a - b)).toEqual(order);
      const known = sorted.map((id) => ({ id, shape: shapes.get(id)!, at: id }));
      const groups = groupsOf(known, columns, by);
      const lines = linesOf(known, groups);
      expect(lines.flatMap((line) => ('row' in line ? [line.row.id] : []))).toEqual(sorted);
      expect(lines).toHaveLength(known.length + groups.length);
      expect(groups.length > 0).toBe(by !== 'none' && order.length > 0);
      expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
      for (const group of groups) {
        const ids = sorted.slice(group.from, group.from + group.paths);
        if (by !== 'none') expect(ids.every((id) => groupName(shapes.get(id)!, by) === group.name)).toBe(true);
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        const sum = (column: Float64Array): number => ids.reduce((all, id) => all + column[id], 0);
        expect([group.n, group.lost]).toEqual([sum(columns.joined) + sum(columns.lost), sum(columns.lost)]);
        const times = ids.map((id) => columns.p99Ns[id]).filter((time) => !Number.isNaN(time));
        expect(group.p99Ns).toBe(times.length > 0 ? Math.max(...times) : NaN);
      }
    }),
  );
});

test('who has no name is called by the address, or unnamed', () => {
  const named = shapeOf(1, 'n1', 'n2', pod('shop', 'web'));
  expect(groupName(named, 'nodes')).toBe('n1 ▸ n2');
  expect(groupName(named, 'namespaces')).toBe('shop ▸ unnamed');
  expect(groupName(named, 'workloads')).toBe('shop/web ▸ 10.0.0.2');
  expect(groupName(shapeOf(2, 'n1', 'n2', pod(null, null)), 'workloads')).toBe('web-1 ▸ 10.0.0.2');
});
