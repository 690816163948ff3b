import { expect, test } from 'vitest';
import { awayWithin, countInside, withGaps } from './gaps.ts';

const seconds = [100, 101, 102, 103, 104, 105, 106];

test('quiet traffic is bridged, silence is a gap', () => {
  expect(withGaps(seconds, [1, NaN, NaN, 2, 3, NaN, 4], [])).toEqual([1, undefined, undefined, 2, 3, undefined, 4]);
  expect(withGaps(seconds, [1, NaN, NaN, NaN, 3, NaN, 4], [])).toEqual([1, null, null, null, 3, undefined, 4]);
});

test('where a node was away nothing is bridged', () => {
  const away = [{ fromMs: 101_500, toMs: 102_500 }];
  const values = withGaps(seconds, [1, NaN, NaN, 2, 3, NaN, 4], away);
  expect(values).toEqual([1, null, null, 2, 3, undefined, 4]);
  expect(countInside(values)).toBe(2);
  expect(countInside([null, null, 1, 2, null])).toBe(0);
  expect(
    awayWithin(
      [
        { fromMs: 0, toMs: 50_000 },
        { fromMs: 104_000, toMs: Infinity },
      ],
      100,
      106,
    ),
  ).toEqual([{ from: 104, to: 106 }]);
});
