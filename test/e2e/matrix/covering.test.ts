import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combinations, coveringArray, type Factors } from './covering.ts';

const level = fc.integer({ min: 1, max: 4 }).map((count) => Array.from({ length: count }, (_, i) => `l${i}`));
const factors = fc.array(level, { minLength: 3, maxLength: 6 }).map((all): Factors => Object.fromEntries(all.map((levels, i) => [`f${i}`, levels]))); // prettier-ignore

const holds = (cell: Record<string, string>, wanted: Record<string, string>): boolean =>
  Object.entries(wanted).every(([name, value]) => cell[name] === value);

test('every pair, or triple, that is possible is in some cell, and nothing impossible is in any', () => {
  fc.assert(
    fc.property(factors, fc.integer({ min: 1, max: 3 }), fc.nat(), (all, strength, seed) => {
      // Other than first levels of neighbours do not go together.
      const isPossible = (partial: Record<string, string>): boolean =>
        !(partial['f0'] === 'l1' && partial['f1'] === 'l1') && !(partial['f1'] === 'l2' && partial['f2'] === 'l1');
      const cells = coveringArray(all, { strength, seed, isPossible });
      for (const wanted of combinations(all, strength).filter(isPossible)) {
        expect(cells.some((cell) => holds(cell, wanted)), JSON.stringify(wanted)).toBe(true);
      }
      for (const cell of cells) {
        expect(Object.keys(cell).sort()).toEqual(Object.keys(all).sort());
        expect(isPossible(cell)).toBe(true);
      }
    }),
    { numRuns: 60 },
  ); // prettier-ignore
});

test('equal seeds give equal cells', () => {
  const all: Factors = { a: ['0', '1', '2'], b: ['0', '1'], c: ['0', '1'], d: ['0', '1', '2'] };
  expect(coveringArray(all, { seed: 7 })).toEqual(coveringArray(all, { seed: 7 }));
});

test('far fewer cells than all combinations', () => {
  const all = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, ['on', 'off']]));
  expect(coveringArray(all).length).toBeLessThanOrEqual(12);
});

test('what no cell can hold is said, not left out', () => {
  const isPossible = (partial: Record<string, string>): boolean => Object.keys(partial).length < 3;
  expect(() => coveringArray({ a: ['0'], b: ['0'], c: ['0'] }, { isPossible })).toThrow('no cell can hold it');
});
