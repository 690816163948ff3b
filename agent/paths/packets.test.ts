/** Packets between any pods of three nodes, some lost on the way, some seen twice by a switch: against the known truth. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAssembler } from './assemble.ts';
import {
  Ifindex,
  createAgent,
  flannelDevices,
  framesOf,
  podAddress,
  podFlow,
  podToPod,
  type Written,
} from './synthetic.ts';
import { formatAddress } from './addresses.ts';
import { flowAt } from './view.ts';
import { Direction, Kind } from './words.ts';

const packet = fc
  .record({
    from: fc.nat(2), fromPod: fc.nat(1), to: fc.nat(2), toPod: fc.nat(1), timeMs: fc.integer({ min: 600, max: 1500 }),
    keptHops: fc.option(fc.integer({ min: 1, max: 7 }), { nil: 8 }), isFlooded: fc.boolean(),
  })
  .filter(({ from, fromPod, to, toPod }) => from !== to || fromPod !== toPod); // prettier-ignore

const scenario = fc.record({
  packets: fc.array(packet, { minLength: 1, maxLength: 40 }),
  delaysMs: fc.tuple(fc.nat(300), fc.nat(300), fc.nat(300)),
  aheadNs: fc.array(fc.integer({ min: -3_600_000_000_000, max: 3_600_000_000_000 }), { minLength: 3, maxLength: 3 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function recordsOf({ packets }: Scenario): Written[] {
  return packets.flatMap(({ from, fromPod, to, toPod, timeMs, keptHops, isFlooded }, i) => {
    const way = podToPod(from, fromPod, to, toPod);
    const hops = way.slice(0, keptHops);
    const third = 3 - from - to;
    if (isFlooded && from !== to && hops.length >= 5) {
      hops.push({ node: third, ifindex: Ifindex.eth0, direction: Direction.ingress, encapsulation: 50 });
    }
    return hops.map((hop, at): Written => ({
      ...hop, timeNs: timeMs * 1e6 + i * 10_000 + (at < 4 ? at : at + 20) * 1000, identity: [i, 1], kind: Kind.icmp,
      flow: podFlow(from, fromPod, to, toPod), level: 9, bytes: hop.encapsulation ? 148 : 98,
    })); // prettier-ignore
  });
}

function play(given: Scenario) {
  const agents = given.aheadNs.map((aheadNs, node) => createAgent(node, flannelDevices(node), aheadNs));
  const seen = { joined: new Set<number>(), vanished: new Set<number>(), problems: [] as string[] };
  const assembler = createAssembler((view) => {
    const truth = given.packets[view.identityLow];
    const flow = flowAt(view, 0);
    if (view.verdict === 'vanished') seen.vanished.add(view.identityLow);
    if (view.hasLast) seen.joined.add(view.identityLow);
    if (formatAddress(view.frames[0].source, 4 * flow) !== podAddress(truth.from, truth.fromPod))
      seen.problems.push('source');
    const expected = podToPod(truth.from, truth.fromPod, truth.to, truth.toPod).slice(0, truth.keptHops);
    const way = expected.map((hop) => `${hop.node} ${hop.ifindex} ${hop.direction}`).join();
    const told = Array.from({ length: view.hopCount }, (_, hop) => {
      const frame = view.frames[hop];
      return `${Number(view.streams[hop].name.slice(1)) - 1} ${frame.ifindex[view.rows[hop]]} ${frame.direction[view.rows[hop]]}`;
    }).join();
    if (told !== way) seen.problems.push(`${told} instead of ${way}`);
    const sum = view.durationsNs.subarray(0, view.hopCount - 1).reduce((total, duration) => total + duration, 0);
    if (!Object.is(sum, view.totalNs)) seen.problems.push(`segments make ${sum}, total is ${view.totalNs}`);
    for (let at = 0; at < view.hopCount - 1; at++) {
      const errorNs = Math.abs(view.durationsNs[at] - (view.names[at] === 'wire' ? 21_000 : 1000));
      if (errorNs > view.boundsNs[at])
        seen.problems.push(`${view.names[at]} is ${errorNs} off, bound ${view.boundsNs[at]}`);
    }
  });
  const frames = framesOf(agents, recordsOf(given), 8000).map((frame, order) => {
    const node = new DataView(frame.bytes.buffer, frame.bytes.byteOffset).getUint32(8, true) - 1000;
    return { ...frame, atMs: frame.atMs + given.delaysMs[node], order };
  });
  for (const frame of frames.sort((a, b) => a.atMs - b.atMs || a.order - b.order)) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(9000);
  const summary = assembler.summary();
  const { joined, ambiguous, lostByUs, undecided, lostByNetwork } = summary;
  // Never silent: whatever was sampled is in one of these.
  expect(joined + ambiguous + lostByUs + undecided + lostByNetwork.vanished).toBe(summary.sampled);
  return { seen, summary };
}

describe('packets between any pods', () => {
  it('are joined and lost exactly as they were, and never outside the bound', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { seen, summary } = play(given);
        const arrived = given.packets.flatMap(({ from, to, keptHops }, i) =>
          keptHops >= (from === to ? 2 : 8) ? [i] : [],
        );
        const lost = given.packets.flatMap((_, i) => (arrived.includes(i) ? [] : [i]));
        expect(seen.problems).toEqual([]);
        expect([...seen.joined].sort((a, b) => a - b)).toEqual(arrived);
        expect([...seen.vanished].sort((a, b) => a - b)).toEqual(lost);
        expect(summary).toMatchObject({
          sampled: given.packets.length, joined: arrived.length, joinable: arrived.length, ambiguous: 0, lostByUs: 0,
          lostByNetwork: { dropped: 0, vanished: lost.length },
        }); // prettier-ignore
      }),
      { numRuns: 150 },
    );
  });
});
