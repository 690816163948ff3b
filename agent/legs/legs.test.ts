import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordLayout } from '../kernel/layout.ts';
import { sampleRecord } from '../kernel/sample-layout.ts';
import { decodeLegsPayload, type LegsPayload } from '../wire/columns.ts';
import { decodeFrame } from '../wire/frame.ts';
import { createLegsEncoder } from './encode.ts';
import { createLegs, type Legs } from './legs.ts';

const layout = recordLayout(sampleRecord);
const completeAfterNs = 20e6;

interface Sample {
  identity: bigint;
  timeNs: number;
  ifindex: number;
  port: number;
}

/** Records as the ring would hold them. */
function ringWords(samples: Sample[], epochNs: bigint): Uint32Array {
  const bytes = new Uint8Array(samples.length * layout.strideBytes);
  const view = new DataView(bytes.buffer);
  samples.forEach((sample, i) => {
    const at = i * layout.strideBytes + 8;
    view.setBigUint64(at + layout.identity, sample.identity, true);
    view.setBigUint64(at + layout.time, epochNs + BigInt(sample.timeNs), true);
    view.setUint32(at + layout.ifindex, sample.ifindex, true);
    const port = layout.flows.find((field) => field.name === 'sourcePort')!;
    view.setUint16(at + port.offset, sample.port, true);
  });
  return new Uint32Array(bytes.buffer);
}

interface Leg {
  identity: bigint;
  records: { timeNs: number; ifindex: number; port: number }[];
}

function decodeLegs(payload: LegsPayload): Leg[] {
  const legs: Leg[] = [];
  let record = 0;
  for (let i = 0; i < payload.legCount; i++) {
    const identity = payload.legs['identity'];
    const leg: Leg = { identity: (BigInt(identity[2 * i + 1]) << 32n) | BigInt(identity[2 * i]), records: [] };
    for (let n = payload.legs['count'][i]; n > 0; n--, record++) {
      const flow = payload.records['flow'][record];
      leg.records.push({
        timeNs: payload.baseNs + payload.records['timeNs'][record],
        ifindex: payload.records['ifindex'][record],
        port: payload.flows['sourcePort'][flow],
      });
    }
    legs.push(leg);
  }
  return legs;
}

function collector(legs: Legs): { out: Leg[]; flush: () => void } {
  const out: Leg[] = [];
  const encode = createLegsEncoder(layout, legs.pool);
  const sequence = { stream: 7, next: 0, timeMs: () => 0 };
  const flush = (): void => {
    encode(legs.take(), sequence, (frame) =>
      out.push(...decodeLegs(decodeLegsPayload(decodeFrame(frame).payload, layout.fields))),
    );
  };
  legs.onFull = flush;
  return { out, flush };
}

/** What legs should be made of these records in this order: the rule, said plainly. */
function expectedLegs(samples: Sample[]): Leg[] {
  const legs: (Leg & { first: number })[] = [];
  for (const { identity, timeNs, ifindex, port } of samples) {
    const open = legs.findLast((leg) => leg.identity === identity);
    if (open && timeNs - open.first <= completeAfterNs) open.records.push({ timeNs, ifindex, port });
    else legs.push({ identity, first: timeNs, records: [{ timeNs, ifindex, port }] });
  }
  return legs.map(({ identity, records }) => ({ identity, records: records.sort((a, b) => a.timeNs - b.timeNs) }));
}

const sample = (identities: number): fc.Arbitrary<Sample> =>
  fc.record({
    // All low bits zero, as sampling leaves them.
    identity: fc.integer({ min: 0, max: identities }).map((n) => BigInt(n) << 40n),
    timeNs: fc.integer({ min: 0, max: 200e6 }),
    ifindex: fc.integer({ min: 1, max: 9 }),
    port: fc.integer({ min: 0, max: 3 }),
  });

describe('legs', () => {
  it('are what the rule says, whatever the batches', () => {
    fc.assert(
      fc.property(fc.array(sample(12), { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (unsorted, batch) => {
        const samples = unsorted.sort((a, b) => a.timeNs - b.timeNs);
        const epochNs = 0x1234_ffff_ff00n;
        const legs = createLegs(layout, { capacity: 512, completeAfterNs, epochNs });
        const { out, flush } = collector(legs);
        const words = ringWords(samples, epochNs);
        for (let i = 0; i < samples.length; i += batch) {
          const count = Math.min(batch, samples.length - i);
          legs.add(words, (i * layout.strideBytes) / 4, count);
          legs.complete(samples[i + count - 1].timeNs);
          flush();
        }
        legs.complete(Infinity);
        flush();
        expect(out).toEqual(expectedLegs(samples));
      }),
    );
  });

  it('lose no record when the pool is far too small', () => {
    fc.assert(
      fc.property(fc.array(sample(1000), { maxLength: 300 }), (samples) => {
        const legs = createLegs(layout, { capacity: 16, completeAfterNs, epochNs: 0n });
        const { out, flush } = collector(legs);
        legs.add(ringWords(samples, 0n), 0, samples.length);
        legs.complete(Infinity);
        flush();
        const seen = out.flatMap((leg) => leg.records.map((r) => `${leg.identity} ${r.timeNs} ${r.ifindex} ${r.port}`));
        const sent = samples.map((s) => `${s.identity} ${s.timeNs} ${s.ifindex} ${s.port}`);
        expect(seen.sort()).toEqual(sent.sort());
      }),
    );
  });

  it('spread over frames by number, each whole', () => {
    const samples = Array.from({ length: 20_000 }, (_, i) => ({
      identity: BigInt(i % 15_000) << 20n,
      timeNs: i,
      ifindex: 1,
      port: i % 7,
    }));
    const legs = createLegs(layout, { capacity: 1 << 15, completeAfterNs, epochNs: 0n });
    const encode = createLegsEncoder(layout, legs.pool);
    legs.add(ringWords(samples, 0n), 0, samples.length);
    legs.complete(Infinity);
    const sequence = { stream: 1, next: 0xffffffff, timeMs: () => 5 };
    const frames: ReturnType<typeof decodeFrame>[] = [];
    encode(legs.take(), sequence, (frame) => frames.push(decodeFrame(frame)));
    expect(frames.map((frame) => frame.sequence)).toEqual([0xffffffff, 0, 1]);
    const payloads = frames.map((frame) => decodeLegsPayload(frame.payload, layout.fields));
    expect(payloads.reduce((sum, payload) => sum + payload.recordCount, 0)).toBe(20_000);
    expect(payloads.every((payload) => payload.flowCount === 7)).toBe(true);
  });

  it('cut a flood of one identity into legs that fit into a frame', () => {
    const samples = Array.from({ length: 5000 }, (_, i) => ({ identity: 1n, timeNs: i, ifindex: i, port: 0 }));
    const legs = createLegs(layout, { capacity: 8192, completeAfterNs, epochNs: 0n });
    const { out, flush } = collector(legs);
    legs.add(ringWords(samples, 0n), 0, samples.length);
    legs.complete(Infinity);
    flush();
    expect(out.map((leg) => leg.records.length)).toEqual([1024, 1024, 1024, 1024, 904]);
  });
});
