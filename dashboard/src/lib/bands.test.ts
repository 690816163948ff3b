import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketOf, MAX_VALUE, RELATIVE_ERROR } from '../../../agent/histogram/histogram.ts';
import { BANDS, bandOf, bandOfBucket, bandStart, LOWEST_NS } from './bands.ts';

test('a band holds the times from its start to that of the next', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: MAX_VALUE, noNaN: true }), (timeNs) => {
      const band = bandOf(timeNs);
      expect(bandStart(band)).toBeLessThanOrEqual(timeNs * (1 + 1e-12));
      expect(bandStart(band + 1)).toBeGreaterThan(timeNs * (1 - 1e-12));
      expect(band).toBeLessThan(BANDS);
    }),
  );
});

test('a bucket lies in the band of its times, but for those at the edge', () => {
  fc.assert(
    fc.property(fc.integer({ min: LOWEST_NS, max: MAX_VALUE }), (timeNs) => {
      const band = bandOfBucket(bucketOf(timeNs));
      expect(bandStart(band)).toBeLessThanOrEqual(timeNs * (1 + 2 * RELATIVE_ERROR));
      expect(bandStart(band + 1)).toBeGreaterThanOrEqual(timeNs * (1 - 2 * RELATIVE_ERROR));
    }),
  );
});
