import { expect, test } from 'vitest';
import { cellKey } from '../../../agent/histogram/cells.ts';
import { bucketOf } from '../../../agent/histogram/histogram.ts';
import { createBefore, LEAST_PACKETS, MANY } from './before.ts';
import { createHistory } from './history.ts';
import type { Row } from './rows.ts';

const row = { base: 0, extras: 0 } as unknown as Row;
const total = (timeNs: number): number => cellKey(0, bucketOf(timeNs));

test('the time before is that of as many seconds before what is shown, and of enough packets', () => {
  const history = createHistory(600, 1 << 20);
  for (let second = 100; second < 120; second++)
    history.add(second, total(second < 110 ? 1000 : 8000), LEAST_PACKETS / 10);
  const before = createBefore(history, { all: () => [row] });
  before.look({ from: 110, to: 120 });
  expect(before.p99Ns(row)).toBeGreaterThan(900);
  expect(before.p99Ns(row)).toBeLessThan(1100);
  before.look({ from: 105, to: 110 }); // half as many packets
  expect(before.p99Ns(row)).toBeNaN();
});

test('it moves with what is shown, if not with every second', () => {
  const history = createHistory(600, 1 << 20);
  for (let second = 100; second < 140; second++) history.add(second, total(second * 100), LEAST_PACKETS);
  const before = createBefore(history, { all: () => [row] });
  before.look({ from: 110, to: 120 });
  const first = before.p99Ns(row);
  before.look({ from: 112, to: 122 });
  expect(before.p99Ns(row)).toBe(first);
  before.look({ from: 120, to: 130 });
  expect(before.p99Ns(row)).toBeGreaterThan(first);
  before.look({ from: 110, to: 120 });
  expect(before.p99Ns(row)).toBe(first);
});

test('whether few are asked for or many, each has its own', () => {
  const rows = Array.from({ length: 3 * MANY }, (_, at) => ({ base: 7 * at, extras: 7 * at }) as unknown as Row);
  const history = createHistory(600, 1 << 20);
  rows.forEach(({ base }, at) => {
    if (at % 3 > 0) history.add(100 + (at % 3), cellKey(base, bucketOf(at)), LEAST_PACKETS);
  });
  const of = (some: readonly Row[]): number[] => {
    const before = createBefore(history, { all: () => rows });
    before.look({ from: 110, to: 120 });
    return some.map((row) => before.p99Ns(row));
  };
  const all = of(rows);
  const alone = rows.map((row) => of([row])[0]);
  expect(all).toEqual(alone);
  expect(all.filter(Number.isNaN)).toHaveLength(MANY);
});
