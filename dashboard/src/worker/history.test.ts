import { expect, test } from 'vitest';
import { cellKey } from '../../../agent/histogram/cells.ts';
import { OPEN_SECONDS, createHistory, type Second } from './history.ts';
import { createWindow } from './window.ts';

const key = cellKey(2, 40);
const told = ({ second, keys, counts }: Second) => [second, [...keys], [...counts]];

test('seconds are packed when nothing more comes, and stay in order', () => {
  const history = createHistory(60, 1 << 20);
  for (const second of [101, 100, 101]) history.add(second, key, 2);
  expect(history.packed(100)).toBeUndefined();
  history.turn(101 + OPEN_SECONDS);
  expect(told(history.packed(100)!)).toEqual([100, [key], [2]]);
  expect(history.seconds().map(told)).toEqual([
    [100, [key], [2]],
    [101, [key], [4]],
  ]);
});

test('what comes too late counts in the oldest second that can take it', () => {
  const history = createHistory(60, 1 << 20);
  history.turn(200);
  history.add(100, key, 1);
  expect(history.seconds().map(told)).toEqual([[200 - OPEN_SECONDS, [key], [1]]]);
});

test('memory is bounded by time and by bytes', () => {
  const byTime = createHistory(30, 1 << 20);
  const byBytes = createHistory(3000, 24 * 12);
  for (const history of [byTime, byBytes]) {
    for (let second = 0; second < 100; second++) {
      history.add(second, key, 1);
      history.turn(second);
    }
  }
  expect(byTime.seconds()[0].second).toBe(69);
  const kept = byBytes.seconds();
  expect(kept).toHaveLength(24 + OPEN_SECONDS + 1);
  expect(kept.at(-1)!.second).toBe(99);
});

test('a window forgets exactly what it was given', () => {
  const window = createWindow();
  const seconds = [1, 2].map((second) => ({
    second,
    keys: Uint32Array.of(cellKey(0, 10), cellKey(1, 1100)),
    counts: Float64Array.of(second, 5),
  }));
  for (const second of seconds) window.addSecond(second);
  expect([window.count(0), window.count(1)]).toEqual([3, 10]);
  expect(window.quantile(0, 0.5)).toBe(10);
  window.removeSecond(seconds[0]);
  expect([window.count(0), window.count(1)]).toEqual([2, 5]);
  window.removeSecond(seconds[1]);
  expect(window.quantile(1, 0.5)).toBeNaN();
});
