import { expect, test } from 'vitest';
import type { RowColumns } from '../worker/messages.ts';
import type { RowShape } from '../worker/rows.ts';
import { keepOrder, mostTelling } from './sort.ts';

test('an order is kept: what is gone leaves it, what is new comes last', () => {
  const before = [3, 1, 2];
  expect(keepOrder(before, Uint32Array.of(1, 2, 3))).toBe(before);
  expect(keepOrder(before, Uint32Array.of(1, 3, 5, 4))).toEqual([3, 1, 5, 4]);
  expect(keepOrder([], Uint32Array.of(2, 1))).toEqual([2, 1]);
});

test('the row that shows most goes across nodes, however frequent others are', () => {
  const rows = { ids: Uint32Array.of(7, 8, 9), joined: Float64Array.of(500, 2, 3) } as RowColumns;
  const shapes = (...tunnelled: number[]): Map<number, RowShape> =>
    new Map([7, 8, 9].map((id) => [id, { tunnelBytes: tunnelled.includes(id) ? 50 : 0 } as RowShape]));
  expect(mostTelling(rows, shapes(8, 9))).toBe(9);
  expect(mostTelling(rows, shapes())).toBe(7);
  expect(mostTelling({ ...rows, ids: new Uint32Array() }, shapes())).toBeUndefined();
});
