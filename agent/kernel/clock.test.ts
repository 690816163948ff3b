import { describe, expect, it } from 'vitest';
import { createNodeClock } from './clock.ts';

describe('the clock of a node', () => {
  it('reads both clocks at one moment, since their epochs', () => {
    const clock = createNodeClock();
    const before = clock.nowNs();
    const [monotonicNs, rawNs, withinNs] = clock.pair();
    expect(monotonicNs).toBeGreaterThanOrEqual(before);
    expect(monotonicNs).toBeLessThanOrEqual(clock.nowNs());
    // NTP slews by 10 % at most.
    expect(Math.abs(rawNs - monotonicNs)).toBeLessThan(0.1 * monotonicNs + 1e6);
    expect(withinNs).toBeGreaterThan(0);
  });

  it('was not suspended while this test ran', () => {
    const clock = createNodeClock();
    for (let i = 0; i < 1000; i++) expect(clock.suspension()).toBeUndefined();
  });
});
