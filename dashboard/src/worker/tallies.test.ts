import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantile } from '../../../agent/histogram/histogram.ts';
import { addTo, createScratch } from './scratch.ts';
import { createTallies, type Tallies } from './tallies.ts';

const SERIES = 3;
const quantiles = [0, 0.5, 0.9, 0.99, 1];

/** A few series with many buckets, so that blocks grow, are given back and serve others. */
const added = fc.record({ series: fc.nat(SERIES - 1), bucket: fc.nat(200), weight: fc.integer({ min: 1, max: 9 }) });
const some = fc.array(added, { maxLength: 300, size: 'max' });

const cellsOf = (tallies: Tallies, series: number): [bucket: number, count: number][] => {
  const cells: [number, number][] = [];
  tallies.visit(series, (bucket, count) => cells.push([bucket, count]));
  return cells;
};

/** The same in a map. */
function createModel() {
  const counts = new Map<string, number>();
  return {
    add(series: number, bucket: number, weight: number): void {
      const key = `${series} ${bucket}`;
      const count = (counts.get(key) ?? 0) + weight;
      if (count === 0) counts.delete(key);
      else counts.set(key, count);
    },
    cells: (series: number): [number, number][] =>
      [...counts]
        .map(([key, count]) => [...key.split(' ').map(Number), count])
        .filter(([of]) => of === series)
        .map(([, bucket, count]): [number, number] => [bucket, count])
        .sort(([a], [b]) => a - b),
  };
}

function expectEqual(tallies: Tallies, model: ReturnType<typeof createModel>): void {
  for (let series = 0; series < SERIES; series++) {
    const cells = model.cells(series);
    expect(cellsOf(tallies, series)).toEqual(cells);
    const histogram = createScratch();
    for (const [bucket, count] of cells) addTo(histogram, bucket, count);
    expect(tallies.count(series)).toBe(histogram.count);
    for (const q of quantiles) expect(tallies.quantile(series, q)).toBe(quantile(histogram, q));
  }
}

test('tallies tell what histograms of the same tell, while it comes and when some of it has gone', () => {
  fc.assert(
    fc.property(some, fc.array(fc.nat(299), { maxLength: 300, size: 'max' }), (given, taken) => {
      const [tallies, model] = [createTallies(), createModel()];
      for (const { series, bucket, weight } of given) {
        tallies.add(series, bucket, weight);
        model.add(series, bucket, weight);
      }
      expectEqual(tallies, model);
      for (const at of new Set(taken)) {
        if (at >= given.length) continue;
        const { series, bucket, weight } = given[at];
        tallies.add(series, bucket, -weight);
        model.add(series, bucket, -weight);
      }
      expectEqual(tallies, model);
    }),
  );
});

test('what is taken away again leaves nothing, fractions too, in whatever order', () => {
  const weight = fc.double({ min: 0.01, max: 1e6, noNaN: true });
  const weighed = fc.array(fc.tuple(fc.nat(SERIES - 1), fc.nat(60), weight), { maxLength: 100, size: 'max' });
  fc.assert(
    fc.property(weighed, fc.infiniteStream(fc.nat()), (given, order) => {
      const tallies = createTallies();
      for (const [series, bucket, count] of given) tallies.add(series, bucket, count);
      const shuffled = given.map((one) => ({ one, at: order.next().value as number })).sort((a, b) => a.at - b.at);
      for (const { one } of shuffled) tallies.add(one[0], one[1], -one[2]);
      for (let series = 0; series < SERIES; series++) {
        expect(cellsOf(tallies, series)).toEqual([]);
        expect([tallies.count(series), tallies.quantile(series, 0.5)]).toEqual([0, NaN]);
      }
    }),
  );
});

test('a series beyond all that are known is empty, and cleared ones are', () => {
  const tallies = createTallies();
  for (const series of [7, 5000]) {
    tallies.add(series, 3, 2);
    tallies.add(series, 9, 1);
  }
  expect([tallies.count(5000), tallies.count(99_999), tallies.quantile(99_999, 0.5)]).toEqual([3, 0, NaN]);
  tallies.clear();
  expect([tallies.count(5000), cellsOf(tallies, 7)]).toEqual([0, []]);
  tallies.add(7, 4, 1);
  expect(cellsOf(tallies, 7)).toEqual([[4, 1]]);
});
