import { expect, test } from 'vitest';
import { createSeldom, FEW_ROWS } from './seldom.ts';

/** How often it was made, when it was wanted at these times. */
function timesMade(rows: number, wanted: { atMs: number; what?: string }[]): number[] {
  const seldom = createSeldom<number>();
  let made = 0;
  return wanted.map(({ atMs, what = '' }) => seldom({ rows, what, atMs }, () => ++made));
}

const halfSeconds = [0, 500, 1000, 1500, 2000, 2500].map((atMs) => ({ atMs }));

test('of few rows it is made each time, of many every few seconds', () => {
  expect(timesMade(FEW_ROWS, halfSeconds)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(timesMade(100_000, halfSeconds)).toEqual([1, 1, 1, 1, 2, 2]);
});

test('what was chosen anew does not wait, nor what lies before', () => {
  expect(timesMade(100_000, [{ atMs: 5000 }, { atMs: 5001, what: 'tcp' }, { atMs: 5002, what: 'tcp' }])).toEqual([
    1, 2, 2,
  ]);
  expect(timesMade(100_000, [{ atMs: 5000 }, { atMs: 4000 }])).toEqual([1, 2]);
});
