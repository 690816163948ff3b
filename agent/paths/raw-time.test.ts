import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClockPair } from '../wire/messages.ts';
import { createClocks } from './clocks.ts';
import { createRawLine, type RawLine } from './raw-time.ts';
import { mesh, tell, traffic, type Watched } from './synthetic-clocks.ts';

/** How MONOTONIC goes against RAW: a rate from each moment on, as NTP changes it. */
interface Slew {
  atNs: number;
  rate: number;
}

/** What MONOTONIC shows when RAW shows this. */
function monotonicAt(slews: Slew[], rawNs: number): number {
  let shown = 0;
  slews.forEach(({ atNs, rate }, i) => {
    const endNs = Math.min(rawNs, slews[i + 1]?.atNs ?? Infinity);
    if (endNs > atNs) shown += (endNs - atNs) * rate;
  });
  return shown;
}

const PAIR_NS = 100e6;
const pairsOf = (slews: Slew[], count: number): ClockPair[] =>
  Array.from({ length: count }, (_, i) => [monotonicAt(slews, i * PAIR_NS), i * PAIR_NS]);

/** From slewing as adjtime does it to what chrony does at most. */
const rate = fc.oneof(fc.constant(1), fc.double({ min: 0.9995, max: 1.0005, noNaN: true }), fc.double({ min: 0.9, max: 1.1, noNaN: true })); // prettier-ignore
const slews = fc
  .array(fc.record({ afterNs: fc.integer({ min: 300e6, max: 3000e6 }), rate }), { maxLength: 8 })
  .map((changes) => {
    const all: Slew[] = [{ atNs: 0, rate: 1 }];
    for (const { afterNs, rate } of changes) all.push({ atNs: all.at(-1)!.atNs + afterNs, rate });
    return all;
  });

const lineOf = (pairs: ClockPair[]): RawLine => {
  const line = createRawLine();
  line.add(pairs);
  return line;
};

describe('the raw line', () => {
  it('follows any slew within the error that it tells', () => {
    fc.assert(
      fc.property(slews, fc.array(fc.double({ min: 0, max: 12e9, noNaN: true }), { minLength: 20 }), (changes, times) => {
        const line = lineOf(pairsOf(changes, 121));
        for (const rawNs of times) {
          const monotonicNs = monotonicAt(changes, rawNs);
          expect(Math.abs(line.toRaw(monotonicNs) - rawNs)).toBeLessThanOrEqual(line.errorNs(monotonicNs) + 0.01);
        }
      }),
    ); // prettier-ignore
  });

  it('is exact where the rate does not change', () => {
    const changes = [{ atNs: 0, rate: 1 }, { atNs: 5.05e9, rate: 1.1 }]; // prettier-ignore
    const line = lineOf(pairsOf(changes, 100));
    const errors = [1e9, 4.5e9, 5.02e9, 5.08e9, 5.5e9, 9e9].map((rawNs) => line.errorNs(monotonicAt(changes, rawNs)));
    expect(errors.map((error) => error > 1000)).toEqual([false, false, true, true, false, false]);
  });

  it('takes pairs in pieces and once', () => {
    const changes = [{ atNs: 0, rate: 1 }, { atNs: 3e9, rate: 0.95 }]; // prettier-ignore
    const pairs = pairsOf(changes, 600);
    const [whole, pieces] = [lineOf(pairs), createRawLine()];
    for (let at = 0; at < pairs.length; at += 7) pieces.add(pairs.slice(Math.max(0, at - 3), at + 7));
    for (const rawNs of [10e9, 33.33e9, 59.9e9]) {
      const monotonicNs = monotonicAt(changes, rawNs);
      expect(pieces.toRaw(monotonicNs)).toBe(whole.toRaw(monotonicNs));
      expect(pieces.errorNs(monotonicNs)).toBe(whole.errorNs(monotonicNs));
    }
  });

  it('says that it guesses beyond its pairs', () => {
    const line = createRawLine();
    expect([line.toRaw(123), line.errorNs(123)]).toEqual([123, 0]);
    line.add([[100, 5000, 80]]);
    expect([line.toRaw(123), line.errorNs(100)]).toEqual([5023, 80]);
    expect(line.errorNs(1100)).toBe(80 + 100);
  });
});

describe('a clock that NTP slews', () => {
  it.each([0.0005, 0.1])('by %d is on its line again when the rate has settled', (slew) => {
    const changes = [{ atNs: 0, rate: 1 }, { atNs: 4.03e9, rate: 1 + slew }, { atNs: 8.07e9, rate: 1 }]; // prettier-ignore
    const line = lineOf(pairsOf(changes, 140));
    // The other clock is not slewed; both raw clocks have an offset and a drift.
    const all: Watched = { clocks: createClocks({ windowMs: 60_000 }), nodes: [{ offsetNs: 0, driftPpm: 0 }, { offsetNs: 3e9, driftPpm: 12 }] }; // prettier-ignore
    const packets = traffic(mesh(2, { packetsPerSecond: 300, leastNs: 20_000, queueNs: 20_000 }), 12, 1);
    let told = 0;
    for (let at = 0; at < packets.length; at++) {
      const { from, to, seconds, delayNs } = packets[at];
      const trueNs = [seconds * 1e9, seconds * 1e9 + delayNs];
      // What node 0 writes is on its MONOTONIC, and is put on RAW by what it told of both.
      const shown = from === 0 ? trueNs[0] : trueNs[1];
      const onRaw = line.toRaw(monotonicAt(changes, shown));
      const errorNs = line.errorNs(monotonicAt(changes, shown));
      const other = 3e9 + (from === 0 ? trueNs[1] : trueNs[0]) * (1 + 12e-6);
      const [sentNs, receivedNs] = from === 0 ? [onRaw, other] : [other, onRaw];
      all.clocks.sample({ from, to, sentNs, receivedNs, errorNs, strong: true });
      if (at % 30 === 29) all.clocks.solve();
      const found = tell(all, packets[at]);
      if (!found) continue;
      told++;
      const wrongNs = found.errorNs + (from === 0 ? shown - onRaw : onRaw - shown);
      expect(Math.abs(wrongNs)).toBeLessThanOrEqual(found.boundNs + errorNs);
    }
    expect(told).toBeGreaterThan(packets.length * 0.9);
    expect(all.clocks.voided()).toBe(0);
  });
});
