import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SEGMENT_BOUNDS_NS, createSegmentHistograms } from './segments.ts';

it('a value is in the first bucket whose bound is not below it', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.nat(100_000),
        fc.nat({ max: 40 }).map((e) => 2 ** e),
        fc.maxSafeNat(),
      ),
      (valueNs) => {
        const histograms = createSegmentHistograms(['wire']);
        histograms.observe(0, valueNs);
        const found = SEGMENT_BOUNDS_NS.findIndex((bound) => valueNs <= bound);
        expect(histograms.counts(0).indexOf(1)).toBe(found < 0 ? SEGMENT_BOUNDS_NS.length : found);
      },
    ),
  );
});

it('both threads see one memory, and segments do not touch', () => {
  const worker = createSegmentHistograms(['bridge', 'wire']);
  const main = createSegmentHistograms(['bridge', 'wire'], worker.memory);
  worker.observe(1, 300);
  worker.observe(1, 1e12);
  expect([main.sumNs(0), main.sumNs(1)]).toEqual([0, 1e12 + 300]);
  expect(main.counts(0).every((count) => count === 0)).toBe(true);
  expect([main.counts(1)[1], main.counts(1).at(-1)]).toEqual([1, 1]);
});
