/** For tests: any network of nodes whose clocks are known, and what must hold of all that is told of it. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { RELATIVE_SPAN_NS } from './clock-track.ts';
import { random, type Link, type Packet, type Told } from './synthetic-clocks.ts';

export const HOUR_NS = 3_600e9;

/** Two crystals against each other change their drift by 20 ns/s per s at most: each takes half of it. */
export const clock = fc.record({
  offsetNs: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: -HOUR_NS, max: HOUR_NS })),
  driftPpm: fc.double({ min: -58, max: 58, noNaN: true }),
  wanderPpm: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
});

const link = (nodes: number): fc.Arbitrary<Link> =>
  fc.record({
    from: fc.nat(nodes - 1),
    to: fc.nat(nodes - 1),
    packetsPerSecond: fc.constantFrom(1, 5, 30, 300),
    leastNs: fc.constantFrom(1000, 20_000, 500_000, 20_000_000),
    queueNs: fc.constantFrom(0, 1000, 50_000, 2_000_000),
    fromSeconds: fc.constantFrom(0, 0, 3),
    toSeconds: fc.constantFrom(5, 12, 12),
  });

/** Any network, sparse or dense, one-way or both, symmetric or not. */
export const network = fc.integer({ min: 2, max: 6 }).chain((count) =>
  fc.record({
    nodes: fc.array(clock, { minLength: count, maxLength: count }),
    links: fc.array(link(count), { maxLength: 2 * count }),
    seed: fc.nat(),
  }),
);

export const isSelf = ({ from, to }: Link): boolean => from === to;

export function expectTrue(told: Told[]): void {
  for (const { errorNs, boundNs } of told) if (Math.abs(errorNs) > boundNs) expect(errorNs).toBe(boundNs);
}

/** Differences of two figures of the same two nodes. */
export function expectRelativelyTrue(told: (Told & Packet)[], seed: number): void {
  const next = random(seed);
  for (let i = 0; i < told.length; i++) {
    const a = told[i];
    const b = told[i + Math.floor(next() * 300)];
    if (!b || a.from !== b.from || a.to !== b.to || b.seconds - a.seconds > RELATIVE_SPAN_NS / 1e9) continue;
    const limitNs = a.relativeBoundNs + b.relativeBoundNs;
    const apartNs = Math.abs(a.errorNs - b.errorNs);
    if (apartNs > limitNs) expect(apartNs).toBe(limitNs);
  }
}
