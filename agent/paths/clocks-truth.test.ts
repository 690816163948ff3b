/** Against clocks that are known: what is told is never farther from the truth than it says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClocks } from './clocks.ts';
import {
  give, idealBoundNs, mesh, quantile, random, shownNs, tell, traffic, watchAll,
  type Packet, type TrueClock, type Watched,
} from './synthetic-clocks.ts'; // prettier-ignore
import { HOUR_NS, clock, expectRelativelyTrue, expectTrue, isSelf, network } from './synthetic-networks.ts';

const watched = (nodes: TrueClock[]): Watched => ({ clocks: createClocks({ windowMs: 60_000 }), nodes });

describe('the truth is never outside the bounds', () => {
  it('whatever the offsets, drifts, delays and directions', () => {
    fc.assert(
      fc.property(network, ({ nodes, links, seed }) => {
        const packets = traffic(links.filter((one) => !isSelf(one)), 12, seed); // prettier-ignore
        const all = watched(nodes);
        const told = watchAll(all, packets);
        expectTrue(told);
        expectRelativelyTrue(told, seed);
        expect(all.clocks.voided()).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it.each([-100, 100])('with a drift of %d ppm against each other', (driftPpm) => {
    const all = watched([{ offsetNs: 0, driftPpm: 0 }, { offsetNs: HOUR_NS, driftPpm }]); // prettier-ignore
    expectTrue(watchAll(all, traffic(mesh(2, { packetsPerSecond: 300, leastNs: 20_000, queueNs: 5000 }), 8, 2)));
    expect(all.clocks.voided()).toBe(0);
  });

  it('long after the traffic ended', () => {
    fc.assert(
      fc.property(network, fc.double({ min: 12, max: 70, noNaN: true }), ({ nodes, links, seed }, seconds) => {
        const all = watched(nodes);
        const packets = traffic(links.filter((one) => !isSelf(one)), 12, seed); // prettier-ignore
        watchAll(all, packets);
        for (let from = 0; from < nodes.length; from++) {
          for (let to = 0; to < nodes.length; to++) {
            const told = tell(all, { from, to, seconds, delayNs: 0 });
            if (told) expectTrue([told]);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('with two of three packets joined falsely', () => {
    fc.assert(
      fc.property(
        fc.array(clock, { minLength: 2, maxLength: 2 }),
        fc.array(fc.record({ at: fc.nat(1799), falseNs: fc.integer({ min: 1, max: 1e9 }) }), { maxLength: 12 }),
        fc.nat(),
        (nodes, falsehoods, seed) => {
          const all = watched(nodes);
          const packets = traffic(mesh(2, { packetsPerSecond: 150, leastNs: 20_000, queueNs: 20_000 }), 6, seed);
          // A group is made of a tenth of a second at least: in none are more than two.
          const falseNs = new Map(
            falsehoods.map(({ at, falseNs }, i) => [packets[(i >> 1) * 300 + (at % 15)], falseNs]),
          );
          const told = watchAll(all, packets, (packet) => give(all, packet, falseNs.get(packet)));
          expectTrue(told);
          expect(all.clocks.voided()).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([3, 10, 50])('of %d nodes whose traffic goes over one', (count) => {
    const next = random(count);
    const nodes = Array.from({ length: count }, () => ({ offsetNs: next() * HOUR_NS, driftPpm: next() * 110 - 55 }));
    const links = mesh(count, { packetsPerSecond: 40, leastNs: 20_000, queueNs: 10_000 });
    const packets = traffic(links.filter(({ from, to }) => from === 0 || to === 0), 8, count); // prettier-ignore
    const all = watched(nodes);
    expectTrue(watchAll(all, packets));
    for (let from = 1; from < count; from++) {
      const told = tell(all, { from, to: (from + 1) % count, seconds: 8, delayNs: 5000 });
      expectTrue([told!]);
    }
  });
});

describe('a clock that stood still', () => {
  const links = mesh(2, { packetsPerSecond: 200, leastNs: 20_000, queueNs: 20_000 });
  const suspended = (forSeconds: number): TrueClock[] => [
    { offsetNs: 0, driftPpm: 0 },
    { offsetNs: 1e9, driftPpm: -20, suspend: { at: 5, for: forSeconds } },
  ];
  /** While it stands nothing passes. */
  const awake = (packets: Packet[], forSeconds: number): Packet[] =>
    packets.filter(({ seconds, delayNs }) => seconds + delayNs / 1e9 < 5 || seconds > 5 + forSeconds);

  it('is told of by its node, and then nothing from before counts', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 4, noNaN: true }), fc.nat(), (forSeconds, seed) => {
        const all = watched(suspended(forSeconds));
        const packets = awake(traffic(links, 12, seed), forSeconds);
        watchAll(all, packets.filter(({ seconds }) => seconds < 5)); // prettier-ignore
        all.clocks.breakAt(1, shownNs(all.nodes, 1, 5));
        const told = watchAll(all, packets.filter(({ seconds }) => seconds > 5)); // prettier-ignore
        expectTrue(told);
        expect(told.length).toBeGreaterThan(1000);
        expect(all.clocks.voided()).toBe(0);
      }),
      { numRuns: 10 },
    );
  });

  it('contradicts itself where nobody told, is forgotten and known anew', () => {
    const all = watched(suspended(1));
    const told = watchAll(all, awake(traffic(links, 12, 3), 1));
    expect(all.clocks.voided()).toBeGreaterThan(0);
    // Until packets of both directions have come after it, nobody can know.
    expectTrue(told.filter(({ seconds }) => seconds < 4.9 || seconds > 6.2));
    expect(told.filter(({ seconds }) => seconds > 7).length).toBeGreaterThan(1000);
  });
});

describe('the bound is nearly the smallest that the traffic allows', () => {
  const nodes: TrueClock[] = [
    { offsetNs: 0, driftPpm: 0 }, { offsetNs: 5e9, driftPpm: 30 }, { offsetNs: -HOUR_NS, driftPpm: -50 }, { offsetNs: 7, driftPpm: 60 },
  ]; // prettier-ignore

  /** Against the shortest paths over the least delays, as if the drifts were known: at 5 s and at 20 s. */
  it.each([
    ['1000 packets/s each way', 2, 1000, 20_000, 1.2, 1.08],
    ['50 packets/s each way', 2, 50, 20_000, 1.8, 1.4],
    ['2000 packets/s on a wire of 2 µs', 2, 2000, 2000, 1.2, 1.1],
    ['four nodes', 4, 300, 20_000, 1.3, 1.1],
  ])('%s', (_, count, packetsPerSecond, leastNs, at5, at20) => {
    const all = watched(nodes.slice(0, count));
    const packets = traffic(mesh(count, { packetsPerSecond, leastNs, queueNs: leastNs }), 20, 5);
    const told = watchAll(all, packets).filter(({ from, to }) => from === 0 && to === 1);
    const factor = (second: number): number => {
      const bounds = told.filter(({ seconds }) => seconds >= second - 1 && seconds < second);
      const ideal = idealBoundNs(count, packets.filter(({ seconds }) => seconds < second), 0, 1); // prettier-ignore
      return quantile(bounds.map(({ boundNs }) => boundNs), 0.5) / ideal; // prettier-ignore
    };
    expect(factor(5)).toBeLessThan(at5);
    expect(factor(20)).toBeLessThan(at20);
  });

  it('with delays that differ by direction', () => {
    const all = watched(nodes.slice(0, 2));
    const [there, back] = mesh(2, { packetsPerSecond: 1000, leastNs: 20_000, queueNs: 20_000 });
    const told = watchAll(all, traffic([there, { ...back, leastNs: 400_000 }], 10, 5));
    expectTrue(told);
    // Nobody can know which direction is the slow one.
    expect(told.at(-1)!.boundNs).toBeLessThan(1.3 * 210_000);
    expect(Math.abs(told.at(-1)!.errorNs)).toBeGreaterThan(150_000);
  });
});

describe('changes and excess over the minimum are right within 2 µs', () => {
  it.each([
    ['1000 packets/s, after 3 s', 1000, 20_000, 20_000, 3],
    ['50 packets/s, after 10 s', 50, 20_000, 20_000, 10],
    ['a slow way back, after 3 s', 1000, 20_000, 400_000, 3],
    ['2000 packets/s on a wire of 2 µs, after 3 s', 2000, 2000, 2000, 3],
  ])('%s', (_, packetsPerSecond, leastNs, backNs, fromSeconds) => {
    const nodes = [
      { offsetNs: 0, driftPpm: 0 },
      { offsetNs: 5e9, driftPpm: 30, wanderPpm: 1.5 },
    ];
    const all = watched(nodes);
    const [there, back] = mesh(2, { packetsPerSecond, leastNs, queueNs: 20_000 });
    const told = watchAll(all, traffic([there, { ...back, leastNs: backNs }], fromSeconds + 20, 9));
    const settled = told.filter(({ from, seconds }) => from === 0 && seconds > fromSeconds);
    // The minimum of ten seconds, as shown and in truth.
    for (const start of [fromSeconds, fromSeconds + 10]) {
      const some = settled.filter(({ seconds }) => seconds >= start && seconds < start + 10);
      const leastShown = some.reduce((least, { delayNs, errorNs }) => Math.min(least, delayNs + errorNs), Infinity);
      const least = some.reduce((found, { delayNs }) => Math.min(found, delayNs), Infinity);
      const wrong = some.map(({ delayNs, errorNs }) => Math.abs(delayNs + errorNs - leastShown - (delayNs - least)));
      expect(quantile(wrong, 0.99)).toBeLessThan(2000);
    }
    expectRelativelyTrue(told, 1);
  });
});
