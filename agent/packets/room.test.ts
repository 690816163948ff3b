/** What gives way where there is no more room, and what stays. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_HOPS, type PathView } from '../paths/view.ts';
import { NONE } from './arena.ts';
import { createExemplars, type Exemplars } from './exemplars.ts';
import type { Store } from './store.ts';
import { delivered, heldIn, tell } from './testing.ts';

describe('when it is full', () => {
  /** One row with many packets in each second, one with a single one. */
  function fill(seconds: number): Exemplars {
    const exemplars = createExemplars({ keptSeconds: 300, maxBytes: 200_000 });
    for (let second = 1; second <= seconds; second++) {
      for (let octave = 0; octave < 12; octave++)
        tell(exemplars, { row: 1, second, totalNs: 2 ** octave * 1.5, isLost: false }, second);
      tell(exemplars, { row: 2, second, totalNs: 100, isLost: false }, second);
    }
    return exemplars;
  }

  it('the row that has most gives way, the other keeps all', () => {
    const exemplars = fill(40);
    expect(exemplars.bytes()).toBeLessThanOrEqual(200_000);
    expect(exemplars.pick(2, 1, 40)).toHaveLength(40);
    expect(exemplars.pick(1, 1, 40).length).toBeLessThan(12 * 40);
  });

  it('a second that is held has its slowest packet, and none is missing behind the oldest', () => {
    const exemplars = fill(200);
    const held = Array.from({ length: 200 }, (_, at) => exemplars.pick(1, at + 1, at + 1));
    const first = held.findIndex((some) => some.length > 0);
    expect(first).toBeGreaterThan(0);
    for (const some of held.slice(first)) expect(exemplars.store.packets.totalNs[some[0]]).toBe(2 ** 11 * 1.5);
  });
});

describe('where there are more rows than packets', () => {
  const CROWD = 1000;

  /** One packet of each row, one row after the other, and again. */
  function fill(favourite: number | undefined): Exemplars {
    const exemplars = createExemplars({ keptSeconds: 300, maxBytes: 200_000 });
    exemplars.favour(favourite);
    for (let number = 0; number < 2 * CROWD; number++) {
      const second = 1 + Math.floor(number / 100);
      tell(exemplars, { row: number % CROWD, second, totalNs: 100, isLost: false }, number);
    }
    return exemplars;
  }

  const held = (exemplars: Exemplars, row: number): number => exemplars.pick(row, 0, Infinity).length;

  it('the latest are held, in no more room', () => {
    const exemplars = fill(undefined);
    expect(exemplars.bytes()).toBeLessThanOrEqual(200_000);
    const rows = Array.from({ length: CROWD }, (_, row) => held(exemplars, row));
    const first = rows.indexOf(1);
    expect(first).toBeGreaterThan(0);
    expect(rows.slice(0, first).every((count) => count === 0)).toBe(true);
    expect(rows.slice(first).every((count) => count === 1)).toBe(true);
  });

  it('the row that is looked at keeps its own', () => {
    expect([undefined, 7].map((favourite) => held(fill(favourite), 7))).toEqual([0, 2]);
  });
});

describe('a path of many hops', () => {
  /** The same packet on a way of so many hops. */
  const along = (hopCount: number, identityLow: number): PathView => ({
    ...delivered, hopCount, identityLow,
    frames: Array.from({ length: hopCount }, (_, hop) => delivered.frames[hop % 8]),
    rows: Uint32Array.from({ length: hopCount }, (_, hop) => delivered.rows[hop % 8]),
  }); // prettier-ignore

  function hopsOf({ packets, hops }: Store, packet: number): number {
    let count = 0;
    for (let hop = packets.firstHop[packet]; hop !== NONE && count <= MAX_HOPS; hop = hops.next[hop]) count++;
    return count;
  }

  it('takes the room that it needs, and what else is held stays whole', () => {
    const ways = fc.array(fc.integer({ min: 1, max: MAX_HOPS }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(ways, (hopCounts) => {
        const exemplars = createExemplars({ keptSeconds: 4, maxBytes: 25_000 });
        exemplars.turn(1);
        hopCounts.forEach((hopCount, row) => {
          exemplars.see(along(hopCount, row), row, 1, false);
          expect(heldIn(exemplars, row, 1)).toEqual([row]);
        });
        for (const [row, hopCount] of hopCounts.entries()) {
          for (const one of exemplars.pick(row, 1, 1)) expect(hopsOf(exemplars.store, one)).toBe(hopCount);
        }
      }),
    );
  });
});
