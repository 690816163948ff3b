import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesText, changesOf, layBars, packetLabel, type Step } from './waterfall.ts';

const step = (durationNs: number, boundNs = 0): Step => ({ name: 'wire', durationNs, boundNs, kind: 'wire' });
const steps = fc.array(
  fc.record({ durationNs: fc.oneof(fc.integer({ min: -1000, max: 1e7 }), fc.constant(NaN)), boundNs: fc.nat(1e5) }),
  { minLength: 1, maxLength: 40 },
);

test('bars follow each other without a hole and make up the whole', () => {
  fc.assert(
    fc.property(
      steps,
      fc.constantFrom('linear', 'sqrt', 'equal'),
      fc.integer({ min: 40, max: 2000 }),
      (given, scale, width) => {
        const bars = layBars(given.map(({ durationNs, boundNs }) => step(durationNs, boundNs)), scale, width); // prettier-ignore
        let end = 0;
        for (const { from, to, earliest, latest } of bars) {
          expect(from).toBe(end);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(earliest).toBeLessThanOrEqual(to + 1e-6);
          expect(latest).toBeGreaterThanOrEqual(to - 1e-6);
          expect(latest).toBeLessThanOrEqual(width);
          end = to;
        }
        const hasLength = scale === 'equal' || given.some(({ durationNs }) => durationNs > 0);
        if (hasLength) expect(end).toBeCloseTo(width, 6);
      },
    ),
  );
});

test('on the linear scale a length is its time', () => {
  const bars = layBars([step(10), step(30), step(-5, 20), step(60)], 'linear', 1000);
  expect(bars.map(({ from, to }) => to - from)).toEqual([100, 300, 0, 600]);
  expect([bars[2].earliest, bars[2].latest]).toEqual([400, 550]);
});

const hop = {
  node: 'n1', device: 'eth0', kind: 'uplink', direction: 'egress', timeNs: 0, bytes: 148, addedBytes: 50, wirePackets: 1,
  source: '10.0.0.1:4000', destination: '10.0.0.2:80',
} as const; // prettier-ignore

test('says what bytes a hop had, and what of them is the tunnel’s', () => {
  expect(bytesText(hop)).toBe('148 B = 98 + 50');
  expect(bytesText({ ...hop, addedBytes: 0, bytes: 98 })).toBe('98 B');
  expect(bytesText({ ...hop, bytes: 4444, wirePackets: 3 })).toBe('4,444 B in 3, +50 each');
});

test('names both addresses where one was translated', () => {
  expect(changesOf(undefined, hop)).toEqual([]);
  expect(changesOf({ ...hop, destination: '10.96.0.1:80' }, hop)).toEqual([
    { end: 'destination', before: '10.96.0.1:80', after: '10.0.0.2:80' },
  ]);
});

test('a packet is called by protocol and kind, each once', () => {
  expect(packetLabel({ protocol: 'tcp', kind: 'data' })).toBe('tcp data');
  expect(packetLabel({ protocol: 'icmp error', kind: 'error' })).toBe('icmp error');
});
