import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNodeClock } from './clock.ts';
import { createShift, parseTestClock } from './test-clock.ts';

describe('a test clock', () => {
  it('is read from its parts', () => {
    expect(parseTestClock('offset=50ms,drift=30ppm,slew=500ppm@10s')).toEqual({
      text: 'offset=50ms,drift=30ppm,slew=500ppm@10s', offsetNs: 50e6, drift: 30e-6, slew: 500e-6, slewAtNs: 10e9,
    }); // prettier-ignore
    expect(parseTestClock('offset=-1h')).toMatchObject({ offsetNs: -3600e9, drift: 0, slew: 0 });
    expect(parseTestClock('slew=-500.5ppm')).toMatchObject({ slew: -500.5e-6, slewAtNs: 0 });
  });

  it.each(['', 'offset', 'offset=5', 'drift=101ppm', 'drift=3', 'slew=100001ppm', 'slew=1ppm@-1s', 'step=1s', 'offset=25h'])(
    'is not %j', (text) => expect(() => parseTestClock(text)).toThrow(RangeError),
  ); // prettier-ignore

  it('never runs backwards, and by as much ahead as it says', () => {
    const rates = fc.record({
      drift: fc.integer({ min: -100, max: 100 }), slew: fc.integer({ min: -100_000, max: 100_000 }), at: fc.nat(20),
    }); // prettier-ignore
    fc.assert(
      fc.property(rates, fc.nat(1e11), fc.nat(1e9), ({ drift, slew, at }, ns, more) => {
        const shift = createShift(parseTestClock(`drift=${drift}ppm,slew=${slew}ppm@${at}s`));
        expect(shift.monotonic(ns + more)).toBeGreaterThanOrEqual(shift.monotonic(ns));
        const gainedNs = (more * drift) / 1e6;
        expect(Math.abs(shift.raw(ns + more) - shift.raw(ns) - more - gainedNs)).toBeLessThanOrEqual(1);
        if (ns + more > at * 1e9) return;
        expect(shift.monotonic(ns)).toBe(shift.raw(ns));
      }),
    );
  });

  it('shifts epochs, times and pairs of a node', () => {
    const right = createNodeClock();
    const wrong = createNodeClock(parseTestClock('offset=-1h,slew=100000ppm'));
    const aheadNs = Number(wrong.epochNs - right.epochNs);
    expect(Math.abs(aheadNs + 3600e9)).toBeLessThan(1e9);
    expect(Number(wrong.rawEpochNs - right.rawEpochNs)).toBeLessThan(-3599e9);
    const [monotonicNs, rawNs] = wrong.pair();
    expect(Math.abs(monotonicNs - 1.1 * rawNs)).toBeLessThan(100_000);
    expect(wrong.nowNs()).toBeGreaterThanOrEqual(monotonicNs);
    expect(wrong.shift!(1e9)).toBe(1.1e9);
  });
});
