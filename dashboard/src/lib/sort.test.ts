import { expect, test } from 'vitest';
import { keepOrder, mostTelling } from './sort.ts';

test('an order is kept: what is gone leaves it, what is new comes last', () => {
  const before = new Set([3, 1, 2]);
  expect(keepOrder(before, [1, 2, 3])).toBeUndefined();
  expect(keepOrder(before, [1, 3, 5, 4])).toEqual([3, 1, 5, 4]);
  expect(keepOrder(before, [1, 3])).toEqual([3, 1]);
  expect(keepOrder(new Set(), [2, 1])).toEqual([2, 1]);
});

test('the row that shows most goes across nodes, however frequent others are', () => {
  const joined = [500, 2, 3];
  const rows = (...tunnelled: number[]) =>
    joined.map((_, id) => ({ id, shape: { tunnelBytes: tunnelled.includes(id) ? 50 : 0 } }));
  const telling = (...tunnelled: number[]) => mostTelling(rows(...tunnelled), ({ id }) => joined[id])?.id;
  expect(telling(1, 2)).toBe(2);
  expect(telling()).toBe(0);
  expect(mostTelling([], () => 1)).toBeUndefined();
});
