import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interleave, percentMore, quantile, spreadOf } from './statistics.ts';

describe('spreads', () => {
  it('has the quartiles of R and numpy', () => {
    expect(spreadOf([7, 15, 36, 39, 40, 41])).toEqual({ lowerQuartile: 20.25, median: 37.5, upperQuartile: 39.75 });
    expect(spreadOf([5])).toEqual({ lowerQuartile: 5, median: 5, upperQuartile: 5 });
  });

  it('puts numbers in order as numbers, and leaves them where they were', () => {
    const values = [100, 9, 20];
    expect(spreadOf(values).median).toBe(20);
    expect(values).toEqual([100, 9, 20]);
  });

  it('refuses what is no measurement', () => {
    expect(() => spreadOf([])).toThrow('no measurement');
    expect(() => spreadOf([1, NaN])).toThrow('no number');
    expect(() => spreadOf([Infinity])).toThrow('no number');
  });

  it('rises from the least to the most and splits the values in half', () => {
    const numbers = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(numbers, (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        const { lowerQuartile, median, upperQuartile } = spreadOf(values);
        const rising = [sorted[0], lowerQuartile, median, upperQuartile, sorted.at(-1)!];
        // Interpolation rounds in the last place.
        expect(rising.every((value, i) => i === 0 || value >= rising[i - 1] - 1e-6)).toBe(true);
        expect(values.filter((value) => value < median - 1e-6).length).toBeLessThanOrEqual(values.length / 2);
        expect([quantile(sorted, 0), quantile(sorted, 1)]).toEqual([sorted[0], sorted.at(-1)]);
      }),
    );
  });
});

describe('rounds of two kinds', () => {
  it('lie so that a steady drift falls on both alike', () => {
    expect(interleave('a', 'b', 4).join('')).toBe('abbaabba');
    const places = (kind: string) => interleave('a', 'b', 6).flatMap((each, place) => (each === kind ? [place] : []));
    const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
    expect(sum(places('a'))).toBe(sum(places('b')));
  });

  it('are compared in pairs', () => {
    expect(percentMore([100, 200], [101, 190])).toEqual([expect.closeTo(1), expect.closeTo(-5)]);
    expect(() => percentMore([1, 2], [1])).toThrow('no pairs');
  });
});
