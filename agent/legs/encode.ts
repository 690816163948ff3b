/**
 * Completed legs to the payload of a legs frame: columns of records, and a dictionary of the flows in the frame.
 */
import type { RecordLayout, Source } from '../kernel/layout.ts';
import { RING_HEADER_BYTES } from '../kernel/layout.ts';
import { fieldBytes, layLegsPayload, legsPayloadBytes, type Column } from '../wire/columns.ts';
import { FrameType, HEADER_BYTES, writeHeader } from '../wire/frame.ts';
import type { CompletedLegs, Pool } from './legs.ts';

/** Records of one frame: bounded by flows, which are indexed by 16 bits, and by what a reader takes at once. */
export const MAX_FRAME_RECORDS = 8192;

/** A leg's times are offsets from the frame's first of 32 bits. */
const MAX_SPAN_NS = 0xffffffff;

export interface FrameSequence {
  stream: number;
  next: number;
  /** Milliseconds since the stream's start. */
  timeMs: () => number;
}

/** Distinct flows of a frame. Open-addressed; entries of earlier frames are told by their generation. */
function createFlowDictionary(layout: RecordLayout, words: Uint32Array) {
  const stride = layout.strideBytes / 4;
  const flowAt = (layout.flow.offset + RING_HEADER_BYTES) / 4;
  const flowWords = layout.flow.size / 4;
  const mask = MAX_FRAME_RECORDS * 2 - 1;
  const table = new Int32Array(mask + 1);
  const generations = new Uint32Array(mask + 1);
  const slotOf = new Int32Array(MAX_FRAME_RECORDS);
  let generation = 0;
  let size = 0;

  function hash(slot: number): number {
    let value = 0;
    for (let i = 0, at = slot * stride + flowAt; i < flowWords; i++, at++) {
      value = Math.imul(value ^ words[at], 0x9e3779b1);
      value ^= value >>> 15;
    }
    return value & mask;
  }

  function same(a: number, b: number): boolean {
    for (let i = 0, x = a * stride + flowAt, y = b * stride + flowAt; i < flowWords; i++, x++, y++) {
      if (words[x] !== words[y]) return false;
    }
    return true;
  }

  return {
    slotOf,
    get size() {
      return size;
    },
    clear(): void {
      generation++;
      size = 0;
    },
    /** Index of the flow of the record in `slot`. */
    add(slot: number): number {
      let place = hash(slot);
      while (generations[place] === generation) {
        const index = table[place];
        if (same(slotOf[index], slot)) return index;
        place = (place + 1) & mask;
      }
      generations[place] = generation;
      table[place] = size;
      slotOf[size] = slot;
      return size++;
    },
  };
}

/** Copies one field of the records in `slots[from..from+count)` into a column. */
function copyColumn(pool: Pool, source: Source, slots: Int32Array, from: number, count: number, column: Column): void {
  const offset = source.offset + RING_HEADER_BYTES;
  const width = fieldBytes(source.type);
  if (width === 4 || width === 8) {
    const stride = pool.strideBytes / 4;
    const at = offset / 4;
    const elements = width / 4;
    for (let i = 0; i < count; i++) {
      const word = slots[from + i] * stride + at;
      for (let e = 0; e < elements; e++) column[i * elements + e] = pool.words[word + e]!;
    }
  } else if (width === 2) {
    const stride = pool.strideBytes / 2;
    for (let i = 0; i < count; i++) column[i] = pool.halves[slots[from + i] * stride + offset / 2]!;
  } else {
    for (let i = 0; i < count; i++) {
      const start = slots[from + i] * pool.strideBytes + offset;
      if (width === 1) column[i] = pool.bytes[start]!;
      else (column as Uint8Array).set(pool.bytes.subarray(start, start + width), i * width);
    }
  }
}

export type LegsEncoder = (
  legs: CompletedLegs,
  sequence: FrameSequence,
  emit: (frame: Uint8Array<ArrayBuffer>) => void,
) => void;

/** Encodes completed legs into as few frames as their limits allow. */
export function createLegsEncoder(layout: RecordLayout, pool: Pool): LegsEncoder {
  const flows = createFlowDictionary(layout, pool.words);
  const flowIndex = new Uint16Array(MAX_FRAME_RECORDS);
  const identity: Source = { name: 'identity', type: 'u64', offset: layout.identity };
  const firstSlots = new Int32Array(MAX_FRAME_RECORDS);

  /** Legs from `leg` on that fit into one frame, by number and by span of time. */
  function measure(
    legs: CompletedLegs,
    leg: number,
    record: number,
  ): { legEnd: number; recordEnd: number; baseNs: number } {
    let baseNs = Infinity;
    let lastNs = -Infinity;
    let legEnd = leg;
    let recordEnd = record;
    for (; legEnd < legs.legCount; legEnd++) {
      const end = recordEnd + legs.counts[legEnd];
      const first = Math.min(baseNs, pool.timeNs[legs.slots[recordEnd]]);
      const last = Math.max(lastNs, pool.timeNs[legs.slots[end - 1]]);
      if (legEnd > leg && (end - record > MAX_FRAME_RECORDS || last - first > MAX_SPAN_NS)) break;
      baseNs = first;
      lastNs = last;
      recordEnd = end;
    }
    return { legEnd, recordEnd, baseNs };
  }

  function encode(legs: CompletedLegs, leg: number, record: number, sequence: FrameSequence) {
    const { legEnd, recordEnd, baseNs } = measure(legs, leg, record);
    const legCount = legEnd - leg;
    const recordCount = recordEnd - record;
    flows.clear();
    for (let i = 0; i < recordCount; i++) flowIndex[i] = flows.add(legs.slots[record + i]);
    for (let i = 0, r = record; i < legCount; r += legs.counts[leg + i], i++) firstSlots[i] = legs.slots[r]!;

    const bytes = legsPayloadBytes(layout.fields, legCount, recordCount, flows.size);
    const frame = new Uint8Array(HEADER_BYTES + bytes);
    writeHeader(
      new DataView(frame.buffer), 0,
      { type: FrameType.legs, stream: sequence.stream, sequence: sequence.next++ >>> 0, timeMs: sequence.timeMs() },
      bytes,
    ); // prettier-ignore
    const payload = frame.subarray(HEADER_BYTES);
    const laid = layLegsPayload(payload, layout.fields, baseNs, legCount, recordCount, flows.size);
    copyColumn(pool, identity, firstSlots, 0, legCount, laid.legs['identity']);
    laid.legs['count'].set(legs.counts.subarray(leg, legEnd));
    const times = laid.records['timeNs'];
    for (let i = 0; i < recordCount; i++) times[i] = pool.timeNs[legs.slots[record + i]] - baseNs;
    laid.records['flow'].set(flowIndex.subarray(0, recordCount));
    for (const source of layout.records) {
      copyColumn(pool, source, legs.slots, record, recordCount, laid.records[source.name]);
    }
    for (const source of layout.flows) copyColumn(pool, source, flows.slotOf, 0, flows.size, laid.flows[source.name]);
    return { frame, legEnd, recordEnd };
  }

  return (legs, sequence, emit) => {
    for (let leg = 0, record = 0; leg < legs.legCount;) {
      const { frame, legEnd, recordEnd } = encode(legs, leg, record, sequence);
      emit(frame);
      leg = legEnd;
      record = recordEnd;
    }
  };
}
