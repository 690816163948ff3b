import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClocks, type Clocks, type Correction } from './clocks.ts';
import { createRawLine } from './raw-time.ts';

const options = { maxDriftPpm: 100, windowMs: 60_000 };
const ask = (clocks: Clocks, from: number, to: number, timeMs: number): Correction | undefined => {
  const into = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };
  return clocks.between(from, to, timeMs, into) ? into : undefined;
};

/** A node whose raw clock is `offsetNs` ahead at time 0 and gains `driftPpm` from there. */
const node = fc.record({
  offsetNs: fc.oneof(
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: -3_600_000_000_000, max: 3_600_000_000_000 }),
  ),
  driftPpm: fc.double({ min: -50, max: 50, noNaN: true }),
});
const packet = fc.record({
  from: fc.nat(3),
  to: fc.nat(3),
  timeMs: fc.integer({ min: 0, max: 20_000 }),
  delayNs: fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 100_000_000 })),
});
type Node = { offsetNs: number; driftPpm: number };

const shows = ({ offsetNs, driftPpm }: Node, trueMs: number): number => trueMs * 1e6 + offsetNs + trueMs * driftPpm;

function feed(clocks: Clocks, nodes: Node[], packets: { from: number; to: number; timeMs: number; delayNs: number }[]) {
  for (const { from, to, timeMs, delayNs } of packets) {
    if (from >= nodes.length || to >= nodes.length || from === to) continue;
    const forwardNs = shows(nodes[to], timeMs + delayNs / 1e6) - shows(nodes[from], timeMs);
    clocks.sample(from, to, timeMs, forwardNs);
  }
}

describe('clocks', () => {
  it('never put the truth outside the bound, whatever offset, drift and delay', () => {
    fc.assert(
      fc.property(
        fc.array(node, { minLength: 2, maxLength: 4 }),
        fc.array(packet, { maxLength: 200 }),
        fc.nat(22_000),
        (nodes, packets, timeMs) => {
          const clocks = createClocks(options);
          feed(clocks, nodes, packets.toSorted((a, b) => a.timeMs - b.timeMs)); // prettier-ignore
          for (let from = 0; from < nodes.length; from++) {
            for (let to = 0; to < nodes.length; to++) {
              const found = ask(clocks, from, to, timeMs);
              if (!found) continue;
              const truth = shows(nodes[to], timeMs) - shows(nodes[from], timeMs);
              // One nanosecond for the rounding of sums of 10^13.
              expect(Math.abs(truth - found.correctionNs)).toBeLessThanOrEqual(found.boundNs + 1);
              expect(found.relativeBoundNs).toBeLessThanOrEqual(found.boundNs + 1);
            }
          }
          expect(clocks.voided()).toBe(0);
        },
      ),
    );
  });

  it('are within half the smallest round trip plus drift', () => {
    const clocks = createClocks(options);
    const nodes = [{ offsetNs: 0, driftPpm: 0 }, { offsetNs: 5e9, driftPpm: 10 }]; // prettier-ignore
    const packets = Array.from({ length: 100 }, (_, i) => ({ from: i % 2, to: (i + 1) % 2, timeMs: i * 10, delayNs: 40_000 + (i % 7) * 1000 })); // prettier-ignore
    feed(clocks, nodes, packets);
    expect(ask(clocks, 0, 1, 500)!.boundNs).toBeLessThan(40_000 + 5_000);
    expect(Math.abs(ask(clocks, 0, 1, 500)!.correctionNs - 5e9 - 5000)).toBeLessThan(5_000);
  });

  it('stay unknown without traffic back', () => {
    const clocks = createClocks(options);
    for (let timeMs = 0; timeMs < 1000; timeMs++) clocks.sample(0, 1, timeMs, 50_000);
    expect(ask(clocks, 0, 1, 500)).toBeUndefined();
    expect(ask(clocks, 1, 0, 500)).toBeUndefined();
    expect(ask(clocks, 0, 2, 500)).toBeUndefined();
  });

  it('reach a node over a third', () => {
    const clocks = createClocks(options);
    for (const [from, to] of [[0, 1], [1, 0], [1, 2], [2, 1]] as const) clocks.sample(from, to, 10, 1000); // prettier-ignore
    expect(ask(clocks, 0, 2, 10)!.boundNs).toBeGreaterThanOrEqual(2000);
    expect(ask(clocks, 0, 2, 10)!.correctionNs).toBeCloseTo(0);
  });

  it('widen with age and end with the window', () => {
    const clocks = createClocks(options);
    clocks.sample(0, 1, 10, 1000);
    clocks.sample(1, 0, 10, 1000);
    expect(ask(clocks, 0, 1, 10)!.boundNs).toBeLessThan(1000 + 2000);
    expect(ask(clocks, 0, 1, 10_010)!.boundNs).toBeGreaterThanOrEqual(1e6);
    expect(ask(clocks, 0, 1, 70_100)).toBeUndefined();
  });

  it('throw the window away when a round trip is negative', () => {
    const clocks = createClocks(options);
    clocks.sample(0, 1, 10, 1000);
    clocks.sample(1, 0, 10, -500_000);
    expect(ask(clocks, 0, 1, 10)).toBeUndefined();
    expect(clocks.voided()).toBe(1);
    clocks.sample(0, 1, 30, 1000);
    clocks.sample(1, 0, 30, 1000);
    expect(ask(clocks, 0, 1, 30)!.correctionNs).toBe(0);
  });

  it('forget a node that has a new stream', () => {
    const clocks = createClocks(options);
    clocks.sample(0, 1, 10, 1000);
    clocks.sample(1, 0, 10, 1000);
    clocks.reset(1);
    expect(ask(clocks, 0, 1, 10)).toBeUndefined();
  });
});

describe('the raw line', () => {
  it('follows any slew piecewise', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.9, max: 1.1, noNaN: true }), { minLength: 2, maxLength: 600 }),
        fc.nat(),
        (rates, seed) => {
          const line = createRawLine();
          const pairs: [number, number][] = [[0, 0]];
          for (const rate of rates) {
            const [monotonicNs, rawNs] = pairs.at(-1)!;
            pairs.push([monotonicNs + 1e8, rawNs + 1e8 * rate]);
          }
          line.add(pairs);
          line.add(pairs.slice(-5));
          const piece = Math.max(0, rates.length - 500) + (seed % Math.min(rates.length, 500));
          const wantedNs = pairs[piece][1] + 0.25e8 * rates[piece];
          expect(Math.abs(line.toRaw(pairs[piece][0] + 0.25e8) - wantedNs)).toBeLessThan(1);
        },
      ),
    );
  });

  it('is the identity until it knows better', () => {
    const line = createRawLine();
    expect(line.toRaw(123)).toBe(123);
    line.add([[100, 5000]]);
    expect(line.toRaw(123)).toBe(5023);
  });
});
