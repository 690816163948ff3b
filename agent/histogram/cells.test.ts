import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RELATIVE_ERROR, bucketOf, createHistogram, observe, quantile } from './histogram.ts';
import { addCell, cellKey, cellQuantiles, createCells, lowerBound, lowerBoundFrom, sortCells } from './cells.ts';

test('quantiles of cells are those of a histogram of the same values', () => {
  const values = fc.array(fc.nat(1e9), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(values, fc.nat(50), (times, series) => {
      const histogram = createHistogram();
      // Small, so that it grows on the way; neighbours on both sides must not matter.
      const table = createCells(4);
      for (const other of [series - 1, series + 1]) if (other >= 0) addCell(table, cellKey(other, 7), 3);
      for (const timeNs of times) {
        observe(histogram, timeNs);
        addCell(table, cellKey(series, bucketOf(timeNs)), 1);
      }
      cellQuantiles(sortCells(table), series, [0.5, 0.99]).forEach((value, at) => {
        const wanted = quantile(histogram, [0.5, 0.99][at]);
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1 + wanted * RELATIVE_ERROR * 2);
      });
    }),
  );
});

test('a series without values has none', () => {
  expect(cellQuantiles(sortCells(createCells()), 3, [0.5])).toEqual([NaN]);
});

test('a key is found from any place before it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60)), fc.nat(62), fc.nat(), (given, key, from) => {
      const keys = Uint32Array.from(given).sort();
      const wanted = keys.findIndex((one) => one >= key);
      expect(lowerBound(keys, key)).toBe(wanted < 0 ? keys.length : wanted);
      expect(lowerBoundFrom(keys, key, from % (lowerBound(keys, key) + 1))).toBe(lowerBound(keys, key));
    }),
  );
});
