import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAssembler } from './assemble.ts';
import { createAgent, flannelDevices, framesOf, podFlow, podToPod, type Written } from './synthetic.ts';
import { Kind } from './words.ts';

const HOPS = podToPod(0, 0, 1, 0);
const ON_WIRE = 4;
const WIRE = {
  name: 'wire',
  from: { node: 'n1', device: 'eth0', direction: 'egress' },
  to: { node: 'n2', device: 'eth0', direction: 'ingress' },
};

interface Passed extends Partial<Written> {
  /** Of the hop before which it waits, and how long; none: it only passes. */
  waitsAt?: number;
  waitNs?: number;
  /** Hops that it passes. */
  until?: number;
}

/** Records of one packet, a microsecond apart. */
const pass = (identity: number, sentNs: number, { waitsAt = 0, waitNs = 0, until = HOPS.length, ...more }: Passed): Written[] =>
  HOPS.slice(0, until).map((hop, at) => ({
    ...hop, timeNs: sentNs + at * 1000 + (at >= waitsAt ? waitNs : 0), identity: [identity, 3],
    flow: podFlow(0, 0, 1, 0, more.kind === Kind.mark ? 6 : 17), kind: Kind.udp, level: 30, sequence: identity, ...more,
  })); // prettier-ignore

function disorderOf(records: Written[]) {
  const agents = [0, 1].map((node) => createAgent(node, flannelDevices(node)));
  const assembler = createAssembler(() => undefined);
  // An agent sends what entered first first.
  const frames = framesOf(agents, records.toSorted((a, b) => a.timeNs - b.timeNs), 9000); // prettier-ignore
  for (const frame of frames.sort((a, b) => a.atMs - b.atMs)) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(10_000);
  return assembler.summary().disorder;
}

describe('datagrams', () => {
  it('in order are not told of', () => {
    const records = Array.from({ length: 50 }, (_, i) => pass(i + 1, 1e9 + i * 1e6, {})).flat();
    expect(disorderOf(records)).toEqual([]);
  });

  it('are overtaken where the wire holds one back, also across the wrap of its id', () => {
    const records = Array.from({ length: 9 }, (_, i) =>
      pass(i + 1, 1e9 + i * 1e6, { sequence: 65_533 + i > 65_535 ? i - 2 : 65_533 + i, waitsAt: ON_WIRE, waitNs: i === 4 ? 2.5e6 : 0 }),
    ).flat(); // prettier-ignore
    expect(disorderOf(records)).toEqual([{ ...WIRE, reordered: 1, duplicated: 0, retransmitted: 0 }]);
  });

  it('are overtaken within a node', () => {
    const records = [pass(1, 1e9, { waitsAt: 2, waitNs: 2e6 }), pass(2, 1.001e9, {}), pass(3, 1.006e9, {})].flat();
    const expected = { name: 'route', reordered: 1, duplicated: 0, retransmitted: 0 };
    expect(disorderOf(records)).toMatchObject([expected]);
    expect(disorderOf(records)[0].to).toEqual({ node: 'n1', device: 'flannel.1', direction: 'egress' });
  });

  it('sent by two senders are two orders', () => {
    const other = podFlow(0, 1, 1, 0, 17);
    expect(disorderOf([...pass(9, 1e9, {}), ...pass(5, 1.001e9, { flow: other })])).toEqual([]);
  });

  it('are late and many exactly as often as the wire made them so', () => {
    const fate = fc.record({ delayMs: fc.nat(6), copies: fc.constantFrom(0, 1, 1, 1, 1, 1, 2, 3) });
    fc.assert(
      fc.property(fc.array(fate, { minLength: 1, maxLength: 40 }), (fates) => {
        const records = fates.flatMap(({ delayMs, copies }, i) => {
          const sentNs = 1e9 + i * 1e6;
          const whole = pass(i + 1, sentNs, { waitsAt: ON_WIRE, waitNs: delayMs * 1.01e6 });
          const again = Array.from({ length: Math.max(0, copies - 1) }, (_, n) =>
            whole.slice(ON_WIRE).map((record) => ({ ...record, timeNs: record.timeNs + (n + 1) * 50_000 })),
          );
          return [...whole.slice(0, copies === 0 ? ON_WIRE : undefined), ...again.flat()];
        });
        const arrivals = fates.map(({ delayMs, copies }, i) => (copies ? i * 1e6 + delayMs * 1.01e6 : Infinity));
        const isLate = (at: number): boolean => arrivals.some((other, i) => i > at && other < arrivals[at]);
        const reordered = fates.filter(({ copies }, i) => copies === 1 && isLate(i)).length;
        const duplicated = fates.reduce((sum, { copies }) => sum + Math.max(0, copies - 1), 0);
        const expected = { ...WIRE, reordered, duplicated, retransmitted: 0 };
        expect(disorderOf(records)).toEqual(reordered + duplicated > 0 ? [expected] : []);
      }),
      { numRuns: 60 },
    );
  });
});

describe('bytes of TCP', () => {
  const byte = (mark: number, context: number, more: Passed = {}): Passed => ({
    kind: Kind.mark, mark, sequence: mark - 100, payload: 1000, level: 10, context, ...more,
  }); // prettier-ignore

  it('that the wire lost and the sender sent again are told of where they were lost', () => {
    const records = [
      pass(1, 1e9, byte(1024, 1)),
      pass(2, 1.001e9, byte(2048, 1, { until: ON_WIRE })),
      pass(3, 1.002e9, byte(3072, 1)),
      pass(4, 1.01e9, byte(2048, 2)),
    ].flat();
    expect(disorderOf(records)).toEqual([{ ...WIRE, reordered: 0, duplicated: 0, retransmitted: 1 }]);
  });

  it('that were sent again in vain changed no order', () => {
    const records = [
      pass(1, 1e9, byte(1024, 1)),
      pass(2, 1.001e9, byte(2048, 1)),
      pass(3, 1.01e9, byte(1024, 2)),
    ].flat();
    expect(disorderOf(records)).toEqual([]);
  });

  it('of a long packet are behind what it reached to, although only some of them were marked', () => {
    // The pod sends one long packet, whose pieces are marked where they leave the node, and one of them again.
    const long = pass(1, 1e9, byte(32_768, 1, { level: 15 })).map((record, hop) =>
      hop < 3 ? { ...record, payload: 50_000, sequence: 10_000 } : record,
    );
    const pieces = [40_960, 49_152].flatMap((mark) => pass(mark, 1e9 + mark, byte(mark, 1)).slice(3));
    expect(disorderOf([...long, ...pieces, ...pass(3, 1.01e9, byte(40_960, 2))])).toEqual([]);
  });

  it('that a hop may have carried in a longer packet are not said to be lost before it', () => {
    // The receiver merges what came over the wire, and the sender repeats a piece in vain.
    const merged = pass(1, 1e9, byte(32_768, 1, { level: 15 })).map((record, hop) =>
      hop > 4 ? { ...record, payload: 50_000, sequence: 10_000 } : record,
    );
    const piece = pass(2, 1e9 + 10, byte(40_960, 1)).slice(0, 5);
    expect(disorderOf([...merged, ...piece, ...pass(3, 1.01e9, byte(40_960, 2))])).toEqual([]);
  });

  it('are new to agents that start again: a recording that is played twice sent nothing again', () => {
    const records = [1024, 2048, 3072].flatMap((mark, i) => pass(mark, 1e9 + i * 1e6, byte(mark, 1)));
    const told: number[] = [];
    const assembler = createAssembler((view) => told.push(view.frames[0].arrival[view.rows[0]]));
    for (const round of [0, 1]) {
      const frames = framesOf(
        [0, 1].map((node) => createAgent(node, flannelDevices(node))),
        records,
        9000,
      );
      for (const { bytes, atMs } of frames.sort((a, b) => a.atMs - b.atMs)) {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        view.setUint32(8, view.getUint32(8, true) + 10 * round, true);
        assembler.push(bytes, round * 9000 + atMs);
        assembler.advance(round * 9000 + atMs);
      }
    }
    expect(told).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
