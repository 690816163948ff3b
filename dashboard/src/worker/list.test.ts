/** The list of paths as the page is told it, of rows whose figures are given. */
import { expect, test } from 'vitest';
import type { Figures } from '../lib/row.ts';
import type { RowFigures } from './figures.ts';
import { createPathList, type ListView, type Occasion } from './list.ts';
import type { Row } from './rows.ts';

const rowOf = (id: number, from: string, to: string): Row =>
  ({
    shape: {
      id, name: `p${id}`, source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', hops: [{ node: from }, { node: to }],
      segments: [], tunnelBytes: from === to ? 0 : 50, loss: '', ends: {},
    },
  }) as unknown as Row; // prettier-ignore

const rows = [rowOf(1, 'n1', 'n1'), rowOf(2, 'n1', 'n2'), rowOf(3, 'n1', 'n1'), rowOf(4, 'n2', 'n1')];

/** p99 by id. */
const figuresOf = (p99Ns: Record<number, number>): RowFigures => {
  const of = ({ shape: { id } }: Row) =>
    ({ joined: id, lost: 0, p99Ns: p99Ns[id], bytesPerSecond: 1, segmentP50Ns: new Float64Array() }) as Figures;
  return { of, sums: of, joined: ({ shape }) => shape.id, one: ({ shape }) => p99Ns[shape.id] };
};
const rising = figuresOf({ 1: 10, 2: 20, 3: 30, 4: 40 });
const falling = figuresOf({ 1: 40, 2: 30, 3: 20, 4: 10 });

const at = (atMs: number, more: Partial<Occasion> = {}): Occasion => ({
  what: '', atMs, seconds: 60, isFixed: false, ...more,
}); // prettier-ignore

const namesOf = ({ told }: ListView): string[] => told.map(({ name }) => name);
const ALL = { from: 0, to: 100, isHeld: false };

function listOf(given = rows) {
  const list = createPathList();
  list.see(ALL);
  list.arrange(given, rising, at(0));
  return list;
}

test('rows keep their places for a while, also when they come and go', () => {
  const list = listOf(rows.slice(0, 3));
  expect(namesOf(list.view())).toEqual(['p3', 'p2', 'p1']);
  list.arrange(rows, falling, at(1000));
  expect(namesOf(list.view())).toEqual(['p3', 'p2', 'p1', 'p4']);
  list.arrange(rows.slice(0, 2), falling, at(2000));
  expect(namesOf(list.view())).toEqual(['p2', 'p1']);
  list.arrange(rows, falling, at(6000));
  expect(namesOf(list.view())).toEqual(['p1', 'p2', 'p3', 'p4']);
});

test('they stay while somebody points at them, and in a span of the past, but not when another order is asked for', () => {
  const list = listOf();
  list.see({ ...ALL, isHeld: true });
  list.arrange(rows, falling, at(60_000));
  expect(namesOf(list.view())).toEqual(['p4', 'p3', 'p2', 'p1']);
  list.see(ALL);
  list.arrange(rows, falling, at(120_000, { isFixed: true }));
  expect(namesOf(list.view())).toEqual(['p4', 'p3', 'p2', 'p1']);
  list.choose({ sort: { by: 'p99', descending: false }, grouping: 'none', scale: 'sqrt' });
  list.arrange(rows, falling, at(120_001, { isFixed: true }));
  expect(namesOf(list.view())).toEqual(['p4', 'p3', 'p2', 'p1']);
  list.arrange(rows, rising, at(120_002, { what: 'another filter' }));
  expect(namesOf(list.view())).toEqual(['p1', 'p2', 'p3', 'p4']);
});

test('only the lines in sight are told, with where they stand', () => {
  const list = listOf();
  list.see({ from: 1, to: 3, isHeld: false });
  expect(list.view()).toMatchObject({ paths: 4, lines: 4, from: 1 });
  expect(namesOf(list.view())).toEqual(['p3', 'p2']);
  list.see({ from: 50, to: 60, isHeld: false });
  expect(list.view()).toMatchObject({ lines: 4, from: 4, told: [] });
});

test('groups have heads, and the cursor knows its line among them', () => {
  const list = listOf();
  list.choose({ sort: { by: 'p99', descending: true }, grouping: 'nodes', scale: 'sqrt' });
  list.arrange(rows, rising, at(1));
  expect(namesOf(list.view())).toEqual(['n2 ▸ n1', 'p4', 'n1 ▸ n1', 'p3', 'p1', 'n1 ▸ n2', 'p2']);
  expect(list.view().told[2]).toMatchObject({ paths: 2, n: 4, p99Ns: 30 });
  list.point(3);
  expect(list.view().cursor).toEqual({ id: 3, name: 'p3', line: 3 });
  list.move(2);
  expect(list.view().cursor).toEqual({ id: 2, name: 'p2', line: 6 });
  list.move(-50);
  expect(list.view().cursor?.line).toBe(1);
  list.arrange(rows.slice(0, 2), rising, at(2));
  expect(list.view().cursor).toBeUndefined();
});

test('what is looked at first goes across nodes, and stays while it is there', () => {
  const list = listOf(rows.slice(0, 3));
  expect(list.first()?.shape.name).toBe('p2');
  list.arrange(rows, falling, at(60_000));
  expect(list.first()?.shape.name).toBe('p2');
  list.arrange([rows[0], rows[3]], falling, at(60_001));
  expect(list.first()?.shape.name).toBe('p4');
  list.arrange([], falling, at(60_002));
  expect(list.first()?.shape.name).toBe('p4');
  expect(createPathList().first()).toBeUndefined();
});
