import { expect, test } from 'vitest';
import type { Finding, Insight } from '../insight/explain.ts';
import { drawHeadline } from './headline.ts';

const coverage = { joinable: 0, joinableJoined: 0, sampled: 0, lostByUs: 0 };
const basis = { slices: 6, wanted: 3, paths: 140, compared: 120, packets: 900, unwatched: 0, coverage, thin: [] };
const slowWire: Finding = {
  key: 'slow', symptom: 'slow', detail: '', sinceMs: new Date(2026, 1, 3, 14, 3, 20).getTime(),
  place: { scope: 'stretch', segment: 'wire', nodes: ['n2', 'n5'], device: 'eth0', who: '' },
  quantile: 0.95, nowNs: 4_113_000, beforeNs: 204_000, boundNs: 3100, shareNow: 0.4, shareBefore: 0, packets: 100,
  paths: Array.from({ length: 12 }, (_, at) => `path ${at}`), lanes: [],
}; // prettier-ignore
const hurts: Insight = { findings: [slowWire], basis };

test('what hurts stands in one line, or breaks between its parts', () => {
  expect(drawHeadline(hurts, 200)).toEqual([
    'wire n2 ▸ n5 slow since 14:03:20 · p95 4.11 ms (was 204 µs, change ±3.1 µs) · 12 of 140 paths',
    '',
  ]);
  expect(drawHeadline(hurts, 60)).toEqual([
    'wire n2 ▸ n5 slow since 14:03:20',
    '  p95 4.11 ms (was 204 µs, change ±3.1 µs) · 12 of 140 paths',
    '',
  ]);
  for (const line of drawHeadline(hurts, 24)) expect(line.length).toBeLessThanOrEqual(24);
});
