/** Latency between the hops of this node, from completed legs into the histograms that /metrics shows. */
import type { SharedSegmentHistograms } from '../histogram/segments.ts';
import type { CompletedLegs, Pool } from '../legs/legs.ts';
import { hopNumber } from '../paths/gather.ts';
import { segmentName } from '../paths/segments.ts';
import { directionName, DIRECTIONS, isDrop, type HopDirection } from '../paths/words.ts';
import type { Device } from '../wire/messages.ts';
import { RING_HEADER_BYTES, type RecordLayout } from './layout.ts';

export interface Measure {
  setDevices(devices: Device[]): void;
  /** Counts each segment of each leg; legs with a hop twice (retransmissions, floods) say nothing certain. */
  observe(legs: CompletedLegs): void;
}

/** Hops of a leg that are looked at: a packet passes no more on one node. */
const MAX_HOPS = 16;

export function createMeasure(layout: RecordLayout, pool: Pool, histograms: SharedSegmentHistograms): Measure {
  const indexOf = new Map(histograms.names.map((name, index) => [name, index]));
  const stride = pool.strideBytes;
  const ifindexAt = (layout.ifindex + RING_HEADER_BYTES) / 4;
  const directionAt = layout.direction + RING_HEADER_BYTES;
  let devices = new Map<number, Device>();
  /** Histogram by pair of hops, filled as pairs are met; hops by hopNumber. */
  let pairs = new Map<number, number>();
  const hops = new Float64Array(MAX_HOPS);

  const hopOf = (slot: number): number =>
    hopNumber(pool.words[slot * (stride / 4) + ifindexAt], pool.bytes[slot * stride + directionAt]);

  function histogramOf(from: number, to: number): number {
    const key = from * 0x4000000 + to; // exact up to 2^53: ifindexes below 16 million
    let index = pairs.get(key);
    if (index === undefined) {
      index = nameOf(from, to);
      pairs.set(key, index);
    }
    return index;
  }

  function nameOf(from: number, to: number): number {
    const a = devices.get(Math.floor(from / DIRECTIONS));
    const b = devices.get(Math.floor(to / DIRECTIONS));
    if (!a || !b) return -1;
    const direction = (hop: number): HopDirection => directionName(hop % DIRECTIONS);
    const bridged = a.master !== 0 && a.master === b.master;
    return indexOf.get(segmentName(a.kind, direction(from), b.kind, direction(to), true, bridged)) ?? -1;
  }

  function hasRepeat(count: number): boolean {
    for (let i = 1; i < count; i++) for (let j = 0; j < i; j++) if (hops[i] === hops[j]) return true;
    return false;
  }

  const isDropAt = (slot: number): boolean => isDrop(pool.bytes[slot * stride + directionAt]);

  function observeLeg(slots: Int32Array, start: number, records: number): void {
    let count = records;
    while (count > 0 && isDropAt(slots[start + count - 1])) count--;
    for (let i = 0; i < count; i++) {
      if (isDropAt(slots[start + i])) return;
      hops[i] = hopOf(slots[start + i]);
    }
    if (hasRepeat(count)) return;
    for (let i = 1; i < count; i++) {
      const histogram = histogramOf(hops[i - 1], hops[i]);
      if (histogram < 0) continue;
      histograms.observe(histogram, pool.timeNs[slots[start + i]] - pool.timeNs[slots[start + i - 1]]);
    }
  }

  return {
    setDevices(list) {
      devices = new Map(list.map((device) => [device.ifindex, device]));
      pairs = new Map();
    },
    observe({ legCount, counts, slots }) {
      for (let leg = 0, start = 0; leg < legCount; start += counts[leg], leg++) {
        const count = counts[leg];
        if (count > 1 && count <= MAX_HOPS) observeLeg(slots, start, count);
      }
    },
  };
}
