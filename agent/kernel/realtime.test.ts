import { describe, expect, it } from 'vitest';
import { createNodeClock } from './clock.ts';
import { readTimex } from './memory.ts';
import { realtimeErrorNs } from './realtime.ts';
import { parseTestClock } from './test-clock.ts';

describe('CLOCK_REALTIME', () => {
  it.each([
    ['in step', 0, 500_000 + 7000],
    ['with a leap second before it', 1, 500_000 + 7000],
    ['in a leap second', 3, undefined],
    ['kept by nobody', 5, undefined],
    ['where one may not ask', -1, undefined],
  ])('%s', (_, state, errorNs) => expect(realtimeErrorNs({ state, maxErrorUs: 7 })).toBe(errorNs));

  it('is told of as this kernel says of it', () => {
    const { state, maxErrorUs } = readTimex();
    // The kernel's states are 0 to 5; beyond 16 s it says itself that nobody keeps the clock.
    expect([0, 1, 2, 3, 4, 5]).toContain(state);
    expect(maxErrorUs).toBeGreaterThanOrEqual(0);
    expect(maxErrorUs).toBeLessThanOrEqual(16_000_000);
    const isKept = realtimeErrorNs({ state, maxErrorUs }) !== undefined;
    expect(createNodeClock().realtime() !== undefined).toBe(isKept);
  });

  it('is read beside the raw clock, since both epochs, also of a test clock', () => {
    const clock = createNodeClock(parseTestClock('offset=1h,drift=100ppm'));
    expect(Math.abs(Number(clock.realtimeEpochNs / 1_000_000n) - Date.now())).toBeLessThan(60_000);
    const { rawNs, offsetNs, maxErrorNs } = clock.realtime(1000)!;
    expect(rawNs).toBeGreaterThan(0);
    // The drift of what has passed, and the time from one epoch's reading to the other's.
    expect(Math.abs(offsetNs)).toBeLessThan(0.1 * rawNs + 1e6);
    expect(maxErrorNs).toBeGreaterThan(1000);
  });
});
