import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Name } from '../../../agent/names/name.ts';
import type { RowShape } from '../worker/rows.ts';
import { groupings, groupName, groupOf, lineAt, lineOf, sortIntoGroups, type Grouped } from './group.ts';

const pod = (namespace: string | null, workload: string | null): Name =>
  ({ kind: 'pod', name: 'web-1', namespace, workload, node: null }) as Name;

const rowOf = (from: string, to: string, source?: Name): Grouped => ({
  shape: {
    source: '10.0.0.1', destination: '10.0.0.2', hops: [{ node: from }, { node: to }] as RowShape['hops'],
    ends: { source, destination: undefined, addressed: undefined, answering: undefined },
  },
}); // prettier-ignore

const nodes = fc.constantFrom('n1', 'n2', 'n3');
const rows = fc.array(
  fc.record({ from: nodes, to: nodes }).map(({ from, to }) => rowOf(from, to)),
  { maxLength: 40 },
);
const anyGrouping = fc.constantFrom(...groupings.map(({ value }) => value));

test('groups hold all rows, each once and in their order', () => {
  fc.assert(
    fc.property(rows, anyGrouping, (given, by) => {
      const { order, heads } = sortIntoGroups(given, by);
      expect(new Set(order)).toEqual(new Set(given));
      expect(order).toHaveLength(given.length);
      expect(heads.length > 0).toBe(by !== 'none' && given.length > 0);
      expect(new Set(heads.map(({ name }) => name)).size).toBe(heads.length);
      for (const { name, from, paths } of heads) {
        const inIt = order.slice(from, from + paths);
        expect(inIt).toEqual(given.filter((row) => by !== 'none' && groupName(row, by) === name));
      }
    }),
  );
});

test('each line is a head or a row, and each row knows its line', () => {
  fc.assert(
    fc.property(rows, anyGrouping, (given, by) => {
      const { order, heads } = sortIntoGroups(given, by);
      const lines = Array.from({ length: order.length + heads.length }, (_, line) => lineAt(heads, line));
      const told = lines.map((at) => ('row' in at ? order[at.row] : heads[at.head]));
      // Each head right above its rows.
      const expected = heads.length === 0 ? order : heads.flatMap((head) => [head, ...order.slice(head.from, head.from + head.paths)]); // prettier-ignore
      expect(told).toEqual(expected);
      lines.forEach((at, line) => 'row' in at && expect(lineOf(heads, at.row)).toBe(line));
    }),
  );
});

const summed = fc.record({
  joined: fc.nat(50), lost: fc.nat(5), bytesPerSecond: fc.nat(10), p99Ns: fc.oneof(fc.nat(9), fc.constant(NaN)),
}); // prettier-ignore

test('a head sums up its rows, and tells their worst time', () => {
  fc.assert(
    fc.property(fc.array(summed), (all) => {
      const group = groupOf({ name: 'g', from: 0, paths: all.length }, all);
      const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((sums, one) => sums + of(one), 0);
      expect([group.n, group.lost]).toEqual([sum(({ joined, lost }) => joined + lost), sum(({ lost }) => lost)]);
      expect(group.bytesPerSecond).toBe(sum(({ bytesPerSecond }) => bytesPerSecond));
      const times = all.map(({ p99Ns }) => p99Ns).filter((time) => !Number.isNaN(time));
      expect(group.p99Ns).toBe(times.length > 0 ? Math.max(...times) : NaN);
    }),
  );
});

test('who has no name is called by the address, or unnamed', () => {
  const named = rowOf('n1', 'n2', pod('shop', 'web'));
  expect(groupName(named, 'nodes')).toBe('n1 ▸ n2');
  expect(groupName(named, 'namespaces')).toBe('shop ▸ unnamed');
  expect(groupName(named, 'workloads')).toBe('shop/web ▸ 10.0.0.2');
  expect(groupName(rowOf('n1', 'n2', pod(null, null)), 'workloads')).toBe('web-1 ▸ 10.0.0.2');
});
