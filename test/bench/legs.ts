/** Ring to legs to frames: records per second on one core, with a ring that is always full enough. */
import { createLegsEncoder } from '../../agent/legs/encode.ts';
import { createLegs } from '../../agent/legs/legs.ts';
import { recordLayout } from '../../agent/kernel/layout.ts';
import { createRingReader } from '../../agent/kernel/ring.ts';
import { sampleRecord } from '../../agent/kernel/sample-layout.ts';

const layout = recordLayout(sampleRecord);
const HOPS = 4;
const FLOWS = 64;
/** Nanoseconds between records: 2 million a second, so that legs complete as they would. */
const INTERVAL_NS = 500;
const BATCH = 2000;

/** A ring's data, full of complete records: identities of four hops, in the order in which they would come. */
function fillRing(bytes: number): ArrayBuffer {
  const data = new ArrayBuffer(2 * bytes);
  const view = new DataView(data);
  const count = Math.floor(bytes / layout.strideBytes);
  for (let i = 0; i < count; i++) {
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

export interface LegsFigures {
  recordsPerSecond: number;
  withFramesPerSecond: number;
}

/** Drains `records` records; gives seconds. A record's time goes on where the ring starts again. */
function run(records: number, withFrames: boolean): number {
  const bytes = 1 << 22;
  const count = Math.floor(bytes / layout.strideBytes);
  const data = fillRing(bytes);
  const legs = createLegs(layout, { capacity: 1 << 18, completeAfterNs: 20e6, epochNs: 0n });
  const encode = createLegsEncoder(layout, legs.pool);
  const sequence = { stream: 1, next: 0, timeMs: () => 0 };
  let encoded = 0;
  const take = (): void => {
    const taken = legs.take();
    if (withFrames) encode(taken, sequence, (frame) => (encoded += frame.length));
  };
  const started = performance.now();
  for (let done = 0; done < records;) {
    const memory = { bytes, consumer: new ArrayBuffer(8), producer: new ArrayBuffer(8), data };
    new BigInt64Array(memory.producer)[0] = BigInt(count * layout.strideBytes);
    const ring = createRingReader(memory, layout.strideBytes);
    for (let i = 0; i < count; i += BATCH) {
      ring.drain((words, start, n) => legs.add(words, start, n), BATCH);
      legs.complete(i * INTERVAL_NS);
      take();
    }
    legs.complete(Infinity);
    take();
    done += count;
  }
  if (withFrames && encoded === 0) throw new Error('nothing was encoded');
  return (performance.now() - started) / 1000;
}

/** Best of a few rounds: whatever else runs here only makes it slower. */
export function measureLegs(records = 2_000_000, rounds = 5): LegsFigures {
  const best = (withFrames: boolean): number =>
    Math.min(...Array.from({ length: rounds }, () => run(records, withFrames)));
  return {
    recordsPerSecond: Math.round(records / best(false)),
    withFramesPerSecond: Math.round(records / best(true)),
  };
}
