/** TCP whatever the segmentation, the exponents and the order of arrival, against the known truth. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAssembler } from './assemble.ts';
import { createAgent, flannelDevices, framesOf, podFlow, podToPod, type Written } from './synthetic.ts';
import { Kind } from './words.ts';
import { flowAt } from './view.ts';

const MSS = 1448;

interface Packet {
  sequence: number;
  payload: number;
  context: number;
  timeNs: number;
  wirePackets: number;
}

const log2 = (value: number): number => 31 - Math.clz32(value);
const trailingZeros = (value: number): number => (value === 0 ? 32 : log2(value & -value));

/** Segments of one burst (all with the same acknowledgement and timestamps) merged as somebody's offload does. */
function merge(burst: Packet[], sizes: number[]): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0, i = 0; at < burst.length; i++) {
    const part = burst.slice(at, at + sizes[i % sizes.length]);
    const payload = part.reduce((sum, segment) => sum + segment.payload, 0);
    packets.push({ ...part[0], payload, wirePackets: part.length });
    at += part.length;
  }
  return packets;
}

/** What bpf/ writes for a packet: the marks of level max(exponent, log2 payload) in it. */
function marksOf(packet: Packet, exponent: number): Pick<Written, 'identity' | 'mark' | 'level'>[] {
  const step = 2 ** Math.max(exponent, log2(packet.payload));
  const marks = [];
  for (let mark = Math.ceil(packet.sequence / step) * step; mark < packet.sequence + packet.payload; mark += step) {
    marks.push({
      identity: [mark >>> 0, packet.context] as [number, number],
      mark: mark >>> 0,
      level: trailingZeros(mark),
    });
  }
  return marks;
}

const scenario = fc.record({
  bursts: fc.array(fc.record({ segments: fc.integer({ min: 1, max: 45 }), isLost: fc.boolean(), lastBytes: fc.integer({ min: 1, max: MSS }) }), { minLength: 1, maxLength: 12 }),
  start: fc.nat(100_000_000),
  senderSizes: fc.array(fc.integer({ min: 1, max: 45 }), { minLength: 1, maxLength: 5 }),
  receiverSizes: fc.array(fc.integer({ min: 1, max: 45 }), { minLength: 1, maxLength: 5 }),
  exponents: fc.tuple(fc.nat(14), fc.nat(14)),
  losesAny: fc.boolean(),
  delaysMs: fc.tuple(fc.nat(400), fc.nat(400)),
  aheadNs: fc.integer({ min: -3_600_000_000_000, max: 3_600_000_000_000 }),
}); // prettier-ignore

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** The records of both nodes, and of each mark what became of the byte. */
function simulate({ bursts, start, senderSizes, receiverSizes, exponents, losesAny }: Scenario) {
  const way = podToPod(0, 0, 1, 0);
  const flow = podFlow(0, 0, 1, 0, 6);
  const records: Written[] = [];
  const lost: [number, number][] = [];
  let sequence = start;
  bursts.forEach((burst, number) => {
    const segments = Array.from({ length: burst.segments }, (_, i): Packet => {
      const payload = i === burst.segments - 1 ? burst.lastBytes : MSS;
      const segment = {
        sequence,
        payload,
        context: number + 1,
        timeNs: 0.6e9 + number * 10e6 + i * 1000,
        wirePackets: 1,
      };
      sequence += payload;
      return segment;
    });
    const isLost = losesAny && burst.isLost;
    if (isLost) lost.push([segments[0].sequence, sequence]);
    way.forEach((hop, i) => {
      if (hop.node === 1 && isLost) return;
      const exponent = exponents[hop.node];
      for (const packet of merge(segments, hop.node === 0 ? senderSizes : receiverSizes)) {
        const { timeNs, ...rest } = packet;
        for (const mark of marksOf(packet, exponent)) {
          records.push({ ...hop, ...rest, ...mark, timeNs: timeNs + i * 100_000, flow, kind: Kind.mark, exponent });
        }
      }
    });
  });
  const isLostMark = (mark: number): boolean => lost.some(([from, to]) => mark >= from && mark < to);
  return { records, isLostMark };
}

function play(given: Scenario) {
  const { records, isLostMark } = simulate(given);
  const agents = given.exponents.map((marks, node) =>
    createAgent(node, flannelDevices(node), node * given.aheadNs, marks),
  );
  const frames = framesOf(agents, records, 7500);
  const told = { marks: [] as number[], vanished: [] as number[], problems: [] as string[] };
  const assembler = createAssembler((view) => {
    const mark = view.frames[0].mark[view.rows[0]];
    if (view.verdict === 'vanished') told.vanished.push(mark);
    if (view.verdict === 'vanished' && !isLostMark(mark)) told.problems.push(`${mark} arrived`);
    if (!view.hasEntry || !view.hasLast) return;
    told.marks.push(mark);
    if (view.hopCount !== 8) told.problems.push(`${mark} has ${view.hopCount} hops`);
    for (let hop = 0; hop < view.hopCount; hop++) {
      if (view.frames[hop].mark[view.rows[hop]] !== mark) told.problems.push(`${mark} joined another byte`);
      if (view.frames[hop].sourcePort[flowAt(view, hop)] !== 40000) told.problems.push(`${mark} joined another flow`);
    }
    if (isLostMark(mark)) told.problems.push(`${mark} was lost`);
  });
  // Each stream comes with a delay of its own, so that they interleave anew.
  const late = frames.map((frame, i) => ({
    ...frame,
    atMs: frame.atMs + given.delaysMs[streamOf(frame.bytes)],
    order: i,
  }));
  for (const frame of late.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)) {
    assembler.push(frame.bytes, frame.atMs);
    if (frame.order % 7 === 0) assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(9000);
  return { told, records, isLostMark, summary: assembler.summary() };
}

const streamOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true) - 1000;

/** Marks that both nodes wrote. */
function writtenByBoth(records: Written[]): Set<number> {
  const of = (node: number) => new Set(records.filter((record) => record.node === node).map((record) => record.mark!));
  return new Set([...of(0)].filter((mark) => of(1).has(mark)));
}

describe('bytes of a TCP stream', () => {
  it('are joined wherever both nodes wrote them, never falsely, and lost only where they were', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { told, records, summary } = play(given);
        expect(told.problems).toEqual([]);
        const both = writtenByBoth(records);
        expect(new Set(told.marks)).toEqual(both);
        expect(summary.joined).toBe(both.size);
        expect(summary.joinableJoined).toBe(summary.joinable);
        expect(summary.ambiguous).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it("are told lost where the sender's marks are ones that the receiver would have written", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const same = {
          ...given,
          losesAny: true,
          receiverSizes: given.senderSizes,
          exponents: [3, 3] as [number, number],
        };
        // Before the first byte from the other side nobody knows where the pod lives but by its bridge's address.
        const { told, records, isLostMark } = play(same);
        const lost = new Set(records.filter((record) => isLostMark(record.mark!)).map((record) => record.mark!));
        expect(new Set(told.vanished)).toEqual(lost);
      }),
      { numRuns: 50 },
    );
  });
});
