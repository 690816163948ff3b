/** Nodes whose CLOCK_REALTIME is kept in step: what they say of it only tightens, and only as long as traffic agrees. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClocks, type Clocks } from './clocks.ts';
import {
  give, mesh, shownNs, tell, traffic, watchAll, type Packet, type Told, type TrueClock, type Watched,
} from './synthetic-clocks.ts'; // prettier-ignore
import { expectRelativelyTrue, expectTrue, isSelf, network } from './synthetic-networks.ts';

/** By how much a node's CLOCK_REALTIME can be wrong as it says, and by how much it is, at a time in seconds; none: it says nothing. */
interface Kept {
  maxErrorNs: number;
  wrongNs: (seconds: number) => number;
}

const TWO: TrueClock[] = [
  { offsetNs: 0, driftPpm: 20 },
  { offsetNs: 5e9, driftPpm: -30, wanderPpm: 1.5 },
];
const DAY_NS = 86_400_000_000_000n;
const watched = (nodes: TrueClock[]): Watched => ({ clocks: createClocks({ windowMs: 60_000 }), nodes });

/** Agents start at different times: so do their epochs. */
function report({ clocks, nodes }: Watched, node: number, { maxErrorNs, wrongNs }: Kept, seconds: number): void {
  const rawNs = shownNs(nodes, node, seconds);
  const epochNs = 20_000n * DAY_NS + BigInt(node) * DAY_NS;
  const realtimeNs = seconds * 1e9 - node * Number(DAY_NS) + wrongNs(seconds);
  clocks.realtime(node, { epochNs, rawNs, offsetNs: realtimeNs - rawNs, maxErrorNs });
}

/** Packets as they come, and every second what the nodes say. */
function watchKept(all: Watched, kept: (Kept | undefined)[], packets: Packet[]): (Told & Packet)[] {
  let second = 0;
  return watchAll(all, packets, (packet) => {
    for (; second <= packet.seconds; second++) {
      for (const [node, each] of kept.entries()) if (each) report(all, node, each, second);
    }
    give(all, packet);
  });
}

const right = (maxErrorNs: number): Kept => ({ maxErrorNs, wrongNs: () => 0 });
const sourceAt = ({ clocks, nodes }: Watched, from: number, to: number, seconds: number): ReturnType<Clocks['source']> =>
  clocks.source(from, to, shownNs(nodes, from, seconds)); // prettier-ignore
const oneWay = (seconds: number): Packet[] =>
  traffic([{ from: 0, to: 1, packetsPerSecond: 100, leastNs: 20_000, queueNs: 20_000 }], seconds, 1);

/** No two packets have left at the same moment. */
const keyOf = ({ from, to, seconds }: Packet): string => `${from} ${to} ${seconds}`;

/** Honest ones: within what they say, wherever in it. */
const kept = fc.option(
  fc.record({ maxErrorNs: fc.integer({ min: 2000, max: 2_000_000 }), part: fc.double({ min: -1, max: 1, noNaN: true }) })
    .map(({ maxErrorNs, part }): Kept => ({ maxErrorNs, wrongNs: (seconds) => maxErrorNs * part * Math.cos(seconds) })),
  { nil: undefined },
); // prettier-ignore

describe('clocks that are kept in step', () => {
  it('never put the truth outside, nor widen a bound', () => {
    fc.assert(
      fc.property(network, fc.array(kept, { minLength: 6, maxLength: 6 }), ({ nodes, links, seed }, all) => {
        const packets = traffic(links.filter((one) => !isSelf(one)), 12, seed); // prettier-ignore
        const [by, without] = [watched(nodes), watched(nodes)];
        const told = watchKept(by, all.slice(0, nodes.length), packets);
        expectTrue(told);
        expectRelativelyTrue(told, seed);
        const before = new Map(watchAll(without, packets).map((each) => [keyOf(each), each]));
        const after = new Map(told.map((each) => [keyOf(each), each]));
        for (const [key, { boundNs, errorNs }] of before) {
          expect(after.get(key)!.boundNs).toBeLessThanOrEqual(boundNs);
          expect(after.get(key)!.errorNs).toBe(errorNs);
        }
        for (const { from, to } of links) expect(sourceAt(by, from, to, 12)).not.toBe('realtime contradicted');
      }),
      { numRuns: 40 },
    );
  });

  it('make one-way traffic known, within the sum of what both say', () => {
    const all = watched(TWO);
    const packets = oneWay(12);
    const told = watchKept(all, [right(300_000), { maxErrorNs: 700_000, wrongNs: () => -650_000 }], packets);
    expect(told.length).toBe(packets.length);
    expectTrue(told);
    for (const { boundNs } of told) {
      expect(boundNs).toBeGreaterThanOrEqual(1_000_000);
      // Carried from the last second by what two crystals drift.
      expect(boundNs).toBeLessThan(1_000_000 + 250_000);
    }
    expect(sourceAt(all, 0, 1, 12)).toBe('realtime');
  });

  it('say nothing alone, nor long ago', () => {
    const all = watched(TWO);
    expect(watchKept(all, [right(1000), undefined], oneWay(5))).toEqual([]);
    report(all, 1, right(1000), 5);
    expect(tell(all, { from: 0, to: 1, seconds: 6, delayNs: 0 })).toBeDefined();
    expect(tell(all, { from: 0, to: 1, seconds: 20, delayNs: 0 })).toBeUndefined();
  });

  it('tighten a bound that slow traffic leaves wide', () => {
    const all = watched(TWO);
    const [there, back] = mesh(2, { packetsPerSecond: 200, leastNs: 20_000, queueNs: 20_000 });
    const told = watchKept(all, [right(50_000), right(50_000)], traffic([there, { ...back, leastNs: 40e6 }], 10, 3));
    expectTrue(told);
    // The estimate is the middle of 40 ms, and the truth lies at an end of them.
    expect(told.at(-1)!.boundNs).toBeLessThan(20.5e6);
    expect(Math.abs(told.at(-1)!.errorNs)).toBeGreaterThan(19e6);
    expect(sourceAt(all, 0, 1, 10)).toBe('traffic and realtime');
  });
});

describe('from the traffic to what the nodes say', () => {
  const both = mesh(2, { packetsPerSecond: 100, leastNs: 20_000, queueNs: 20_000 });

  it('is a second of nothing, for nobody knows how far the two are apart', () => {
    const all: Watched = { clocks: createClocks({ windowMs: 3000 }), nodes: TWO };
    const packets = traffic([both[0], { ...both[1], toSeconds: 3 }], 12, 6);
    const told = watchKept(all, [right(200_000), right(200_000)], packets);
    expectTrue(told);
    expectRelativelyTrue(told, 6);
    const bySpeaker = (isRealtime: boolean): number[] =>
      told
        .filter((each) => each.seconds > 3 && each.relativeBoundNs >= 400_000 === isRealtime)
        .map(({ seconds }) => seconds);
    const [last, first] = [Math.max(...bySpeaker(false)), Math.min(...bySpeaker(true))];
    expect(first - last).toBeGreaterThan(1);
    expect(first - last).toBeLessThan(2);
  });

  it('likewise when the traffic is forgotten', () => {
    const all = watched(TWO);
    watchAll(all, traffic(both, 5, 7));
    all.clocks.breakAt(1, shownNs(TWO, 1, 5));
    for (const node of [0, 1]) report(all, node, right(1000), 5.1);
    const isKnown = (seconds: number): boolean => tell(all, { from: 0, to: 1, seconds, delayNs: 0 }) !== undefined;
    expect([5.5, 6.5].map(isKnown)).toEqual([false, true]);
  });
});

describe('clocks that are not kept as they say', () => {
  const links = mesh(3, { packetsPerSecond: 100, leastNs: 20_000, queueNs: 20_000 });
  /** 10 ms wrong for a while. */
  const liar: Kept = { maxErrorNs: 500_000, wrongNs: (seconds) => (seconds < 6 ? 10e6 : 0) };

  it('are ignored from then on, for the pairs that traffic contradicts', () => {
    const [by, without] = [watched(TWO.concat(TWO[0])), watched(TWO.concat(TWO[0]))];
    const packets = traffic(links, 12, 4);
    const told = watchKept(by, [right(500_000), liar, right(500_000)], packets);
    expectTrue(told.filter(({ seconds }) => seconds > 1));
    expect([[0, 1], [1, 2], [0, 2]].map(([i, j]) => sourceAt(by, i, j, 12))).toEqual(
      ['realtime contradicted', 'realtime contradicted', 'traffic and realtime'],
    ); // prettier-ignore
    const before = watchAll(without, packets);
    const ofLiar = (each: Packet): boolean => each.seconds > 2 && (each.from === 1 || each.to === 1);
    expect(told.filter(ofLiar)).toEqual(before.filter(ofLiar));
  });

  it('are found out by one-way traffic that is quicker than light', () => {
    const all = watched(TWO);
    const told = watchKept(all, [right(500_000), { maxErrorNs: 500_000, wrongNs: () => -10e6 }], oneWay(5));
    expect(told.filter(({ seconds }) => seconds > 1)).toEqual([]);
    expect(sourceAt(all, 0, 1, 5)).toBe('realtime contradicted');
  });

  it('count again when the node has a new stream', () => {
    const all = watched(TWO);
    watchKept(all, [right(500_000), { maxErrorNs: 500_000, wrongNs: () => -10e6 }], oneWay(5));
    all.clocks.reset(1);
    report(all, 1, right(500_000), 5);
    expect(tell(all, { from: 0, to: 1, seconds: 5, delayNs: 0 })).toBeDefined();
  });
});

describe('what a node said before it was suspended', () => {
  it('does not count', () => {
    const all = watched(TWO);
    for (const node of [0, 1]) report(all, node, right(1000), 5);
    all.clocks.breakAt(1, shownNs(TWO, 1, 6));
    expect(tell(all, { from: 0, to: 1, seconds: 7, delayNs: 0 })).toBeUndefined();
  });
});
