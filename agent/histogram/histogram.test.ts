import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUCKETS,
  MAX_VALUE,
  RELATIVE_ERROR,
  bucketOf,
  bucketStart,
  clear,
  createHistogram,
  merge,
  observe,
  quantile,
} from './histogram.ts';

const latency = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1e7 }), fc.maxSafeNat()).map((v) => v % (MAX_VALUE + 1)); // prettier-ignore
const filled = (values: number[]) => {
  const histogram = createHistogram();
  for (const value of values) observe(histogram, value);
  return histogram;
};

describe('buckets', () => {
  it('begin where the one before ends, without a hole', () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      expect(bucketOf(bucketStart(bucket))).toBe(bucket);
      expect(bucketOf(bucketStart(bucket + 1) - 1)).toBe(bucket);
    }
  });

  it('hold every value between their ends', () => {
    fc.assert(
      fc.property(latency, (value) => {
        const bucket = bucketOf(value);
        expect(bucketStart(bucket)).toBeLessThanOrEqual(value);
        expect(bucketStart(bucket + 1)).toBeGreaterThan(value);
      }),
    );
  });

  it('take what is out of range at their ends', () => {
    expect(bucketOf(-5)).toBe(0);
    expect(bucketOf(Number.MAX_VALUE)).toBe(BUCKETS - 1);
    expect(bucketOf(Infinity)).toBe(BUCKETS - 1);
  });
});

describe('quantile', () => {
  it('is within its error of the exact one', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1];
        expect(Math.abs(quantile(filled(values), q) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR);
      }),
    );
  });

  it('is exact for small values', () => {
    expect(quantile(filled([7, 31, 63]), 0.5)).toBe(31);
    expect(quantile(filled([7, 31, 63]), 1)).toBe(63);
  });

  it('is unknown without values and stays negative when all are', () => {
    expect(quantile(createHistogram(), 0.5)).toBeNaN();
    expect(quantile(filled([-7]), 0.5)).toBe(-7);
  });
});

describe('a histogram', () => {
  it('merged equals one that saw all', () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (left, right) => {
        const into = filled(left);
        merge(into, filled(right));
        const both = filled([...left, ...right]);
        expect([into.count, into.min, into.max]).toEqual([both.count, both.min, both.max]);
        for (const q of [0.01, 0.5, 0.99]) expect(quantile(into, q)).toBe(quantile(both, q));
      }),
    );
  });

  it('counts weights, and nothing once cleared', () => {
    const histogram = createHistogram();
    observe(histogram, 10, 3);
    observe(histogram, 2e9);
    expect([histogram.count, histogram.sum, quantile(histogram, 0.75)]).toEqual([4, 2e9 + 30, 10]);
    clear(histogram);
    expect([histogram.count, histogram.sum]).toEqual([0, 0]);
    expect(quantile(histogram, 0.5)).toBeNaN();
  });
});
