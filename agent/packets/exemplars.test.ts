/** What is kept of many packets, against the whole truth. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExemplars, MAX_LOST } from './exemplars.ts';
import { octaveOf } from './regions.ts';
import { exchange, heldIn, play, START_NS, tell, type Told } from './testing.ts';

const packet = fc.record({
  row: fc.nat(3),
  afterSeconds: fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 3),
  totalNs: fc.oneof(fc.integer({ min: 1, max: 1 << 22 }), fc.constant(NaN)),
  isLost: fc.boolean(),
});

const inTime = (given: { row: number; afterSeconds: number; totalNs: number; isLost: boolean }[]): Told[] => {
  let second = 1000;
  return given.map(({ row, afterSeconds, totalNs, isLost }) => {
    second += afterSeconds;
    // Lost ones have rows of their own.
    return { row: row + (isLost ? 10 : 0), second, totalNs, isLost };
  });
};

const slowness = (totalNs: number): number => (Number.isNaN(totalNs) ? -Infinity : totalNs);

function slowestOfEachOctave(truth: { totalNs: number; number: number }[]): number[] {
  const slowest = new Map<number, { totalNs: number; number: number }>();
  for (const one of truth) {
    const other = slowest.get(octaveOf(one.totalNs));
    if (!other || slowness(one.totalNs) > slowness(other.totalNs)) slowest.set(octaveOf(one.totalNs), one);
  }
  return [...slowest.values()].map(({ number }) => number);
}

const MAX_BYTES = 500_000;

describe('what is kept', () => {
  it('is bounded, and has the slowest of each octave of each second that is held', () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 400 }), (given) => {
        const exemplars = createExemplars({ keptSeconds: 60, maxBytes: MAX_BYTES });
        const told = inTime(given);
        told.forEach((one, number) => {
          tell(exemplars, one, number);
          expect(exemplars.bytes()).toBeLessThanOrEqual(MAX_BYTES);
        });
        const now = told.at(-1)!.second;
        for (const row of new Set(told.map((one) => one.row))) {
          const mine = told
            .map((one, number) => ({ ...one, number }))
            .filter((one) => one.row === row && one.second > now - 60);
          for (const second of new Set(mine.map((one) => one.second))) {
            const truth = mine.filter((one) => one.second === second);
            const held = heldIn(exemplars, row, second);
            if (row >= 10) expect(held.length).toBe(Math.min(truth.length, MAX_LOST));
            else expect(held.toSorted()).toEqual(slowestOfEachOctave(truth).toSorted());
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

it('of a row that was lost the latest come first, however far they came', () => {
  const exemplars = createExemplars({ keptSeconds: 60, maxBytes: 200_000 });
  play(Array.from({ length: 20 }, (_, at) => exchange(at, START_NS + at * 1e8).slice(0, 4)).flat(), (view) => {
    exemplars.turn(1 + Math.floor(view.identityLow / 10));
    const totalNs = 1000 - view.identityLow;
    exemplars.see({ ...view, totalNs }, 1, 1 + Math.floor(view.identityLow / 10), false);
  });
  const latestFirst = [17, 16, 15, 14, 13, 12, 11, 10, 7, 6, 5, 4, 3, 2, 1, 0];
  expect(exemplars.pick(1, 1, 2).map((one) => exemplars.store.packets.identityLow[one])).toEqual(latestFirst);
});

it('forgets what is too old, and rows, and uses their room again', () => {
  const exemplars = createExemplars({ keptSeconds: 10, maxBytes: 200_000 });
  for (let second = 1; second < 5000; second++) {
    tell(exemplars, { row: 1, second, totalNs: second, isLost: false }, second);
    tell(exemplars, { row: 2, second, totalNs: NaN, isLost: true }, second);
  }
  expect(exemplars.pick(1, 0, 5000)).toHaveLength(10);
  exemplars.forget(1);
  expect(exemplars.pick(1, 0, 5000)).toEqual([]);
  expect(exemplars.store.used).toBe(10);
  exemplars.turn(6000);
  expect(exemplars.store.used).toBe(0);
});
