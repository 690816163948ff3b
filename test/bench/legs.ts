/** Ring to legs, and on to frames: records per second and core, from a ring that is always full enough. */
import { createLegsEncoder } from '../../agent/legs/encode.ts';
import { createLegs } from '../../agent/legs/legs.ts';
import { recordLayout } from '../../agent/kernel/layout.ts';
import { createRingReader } from '../../agent/kernel/ring.ts';
import { sampleRecord } from '../../agent/kernel/sample-layout.ts';
import { cpuSeconds } from './cpu-time.ts';
import type { Benchmark } from './figure.ts';

const layout = recordLayout(sampleRecord);
const HOPS = 4;
const FLOWS = 64;
/** Nanoseconds between records: 2 million a second, so that legs complete as they would. */
const INTERVAL_NS = 500;
const BATCH = 2000;
const RING_BYTES = 1 << 22;
const RING_RECORDS = Math.floor(RING_BYTES / layout.strideBytes);

/** A ring's data, full of complete records: identities of four hops, in the order in which they would come. */
function fillRing(): ArrayBuffer {
  const data = new ArrayBuffer(2 * RING_BYTES);
  const view = new DataView(data);
  for (let i = 0; i < RING_RECORDS; i++) {
    const at = i * layout.strideBytes;
    view.setUint32(at, layout.size, true);
    const identity = BigInt(Math.floor(i / HOPS) + 1) * 0x9e3779b97f4a7c15n;
    view.setBigUint64(at + 8 + layout.identity, BigInt.asUintN(64, identity), true);
    view.setBigUint64(at + 8 + layout.time, BigInt(i * INTERVAL_NS), true);
    view.setUint32(at + 8 + layout.ifindex, (i % HOPS) + 2, true);
    view.setUint32(at + 8 + layout.flow.offset, Math.floor(i / HOPS) % FLOWS, true);
  }
  return data;
}

/** Drains the ring `times` over; gives records per second of CPU time. Times begin anew where the ring does. */
function round(times: number, withFrames: boolean): number {
  const data = fillRing();
  const legs = createLegs(layout, { capacity: 1 << 18, completeAfterNs: 20e6, epochNs: 0n });
  const encode = createLegsEncoder(layout, legs.pool);
  const sequence = { stream: 1, next: 0, timeMs: () => 0 };
  let encoded = 0;
  let records = 0;
  const take = (): void => {
    const taken = legs.take();
    records += taken.recordCount;
    if (withFrames) encode(taken, sequence, (frame) => (encoded += frame.length));
  };
  const seconds = cpuSeconds(() => {
    for (let turn = 0; turn < times; turn++) {
      const memory = { bytes: RING_BYTES, consumer: new ArrayBuffer(8), producer: new ArrayBuffer(8), data };
      new BigInt64Array(memory.producer)[0] = BigInt(RING_RECORDS * layout.strideBytes);
      const ring = createRingReader(memory, layout.strideBytes);
      for (let i = 0; i < RING_RECORDS; i += BATCH) {
        ring.drain((words, start, n) => legs.add(words, start, n), BATCH);
        legs.complete(i * INTERVAL_NS);
        take();
      }
      legs.complete(Infinity);
      take();
    }
  });
  if (records !== times * RING_RECORDS) throw new Error(`${records} of ${times * RING_RECORDS} records came through`);
  if (withFrames && encoded === 0) throw new Error('nothing was encoded');
  return records / seconds;
}

export const legs: Benchmark = {
  name: 'legs',
  about: 'records per second and core from the ring to legs, and on to frames',
  async run({ quick, sleep }) {
    const [rounds, times] = quick ? [3, 15] : [15, 30];
    const plain: number[] = [];
    const framed: number[] = [];
    round(times, false);
    round(times, true);
    for (let i = 0; i < rounds; i++) {
      plain.push(round(times, false));
      framed.push(round(times, true));
      await sleep(0);
    }
    const unit = 'records/s and core';
    return [
      { what: 'legs: ring to legs', unit, rounds: plain, goal: { value: 2e6, better: 'more' } },
      { what: 'legs: ring to legs to frames', unit, rounds: framed },
    ];
  },
};
