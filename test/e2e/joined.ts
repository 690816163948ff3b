/** What a summary must say wherever nothing but the network stands in the way. */
import { expect } from 'vitest';
import type { Summary } from '../../agent/paths/counting.ts';

/**
 * At least 99.9 % of what may be joined is joined, of at least so many; and the counts agree with each other. Only where
 * agents could not write records (a burst above the cap) those identities are missing too, and counted as lost by us.
 * The kernel told of `mostDropped` drops at most.
 */
export function expectJoined(summary: Summary, least: number, mostDropped = 0): void {
  const told = JSON.stringify(summary);
  expect(summary.joinable, told).toBeGreaterThanOrEqual(least);
  const ours = summary.recordsLost > 0 ? summary.lostByUs : 0;
  expect(summary.joinableJoined + ours, told).toBeGreaterThanOrEqual(summary.joinable * 0.999);
  expect(summary.joinableJoined, told).toBeLessThanOrEqual(summary.joinable);
  expect(summary.joinableJoined, told).toBeLessThanOrEqual(summary.joined);
  const { joined, ambiguous, lostByUs, sampled, seen } = summary;
  expect(joined + ambiguous + lostByUs, told).toBeLessThanOrEqual(sampled);
  expect(seen, told).toBeGreaterThan(0);
  expect(summary.framesMissed, told).toBe(0);
  expect(summary.lostByNetwork.dropped, told).toBeLessThanOrEqual(mostDropped);
}
