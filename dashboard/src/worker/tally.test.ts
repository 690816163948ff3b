import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantile } from '../../../agent/histogram/histogram.ts';
import { addTo, createScratch } from './scratch.ts';
import { addToTally, countOf, tallyQuantile, type Tally } from './tally.ts';

const cells = fc.array(fc.record({ bucket: fc.nat(60), weight: fc.integer({ min: 1, max: 9 }) }), { maxLength: 80 });
const quantiles = [0, 0.5, 0.9, 0.99, 1];

test('a tally tells what a histogram of the same tells', () => {
  fc.assert(
    fc.property(cells, (given) => {
      const [tally, histogram]: [Tally, ReturnType<typeof createScratch>] = [[], createScratch()];
      for (const { bucket, weight } of given) {
        addToTally(tally, bucket, weight);
        addTo(histogram, bucket, weight);
      }
      expect(countOf(tally)).toBe(histogram.count);
      for (const q of quantiles) expect(tallyQuantile(tally, q)).toBe(quantile(histogram, q));
    }),
  );
});

test('what is taken away again leaves nothing, in whatever order', () => {
  const weighed = fc.array(fc.tuple(fc.nat(60), fc.double({ min: 0.01, max: 1e6, noNaN: true })), { maxLength: 60 });
  fc.assert(
    fc.property(weighed, fc.array(fc.nat(60), { maxLength: 5 }), (given, others) => {
      const tally: Tally = [];
      for (const bucket of others) addToTally(tally, bucket, 1);
      const before = [...tally];
      for (const [bucket, weight] of given) addToTally(tally, bucket, weight);
      for (const [bucket, weight] of given.toReversed()) addToTally(tally, bucket, -weight);
      expect(tally.filter((_, at) => at % 2 === 0)).toEqual(before.filter((_, at) => at % 2 === 0));
      before.forEach((value, at) => expect(tally[at]).toBeCloseTo(value, 4));
    }),
  );
});
