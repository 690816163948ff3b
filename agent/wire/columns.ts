/**
 * Columns: the payload of a legs frame. Three tables (legs, records, flows) whose fields the hello names; a legs frame
 * holds the values alone:
 *
 * | offset | type | what |
 * |---|---|---|
 * | 0 | f64 | baseNs: the earliest record's time, nanoseconds on the node's CLOCK_MONOTONIC since the hello's epoch |
 * | 8 | u32 | legs |
 * | 12 | u32 | records, in the order of legs and in each by time |
 * | 16 | u32 | flows |
 * | 20 | u32 | 0 |
 *
 * then every column of legs, records and flows in the order of the fields, each padded to 8 bytes.
 */
import { WireError } from './frame.ts';

export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'address';

export interface Field {
  name: string;
  type: FieldType;
}

/** The tables' fields, as the hello carries them. */
export interface Fields {
  legs: Field[];
  records: Field[];
  flows: Field[];
}

/** u64 takes two elements (low, high); an address is 16 bytes of network order. */
export type Column = Uint8Array | Uint16Array | Uint32Array;
export type Columns = Record<string, Column>;

export interface LegsPayload {
  baseNs: number;
  legCount: number;
  recordCount: number;
  flowCount: number;
  legs: Columns;
  records: Columns;
  flows: Columns;
}

export const LEGS_HEADER_BYTES = 24;

/** Fields that every reader relies on; the others are shown where they exist. */
export const REQUIRED_FIELDS = {
  legs: ['identity', 'count'],
  records: [
    'timeNs', 'flow', 'ifindex', 'bytes', 'sequence', 'payload', 'mark', 'context', 'wirePackets', 'encapsulation',
    'headers', 'drop', 'direction', 'kind', 'level', 'exponent', 'tunnel',
  ],
  flows: ['source', 'destination', 'sourcePort', 'destinationPort', 'protocol'],
} as const; // prettier-ignore

const elementBytes: Record<FieldType, number> = { u8: 1, u16: 2, u32: 4, u64: 4, address: 1 };
const elementsPerValue: Record<FieldType, number> = { u8: 1, u16: 1, u32: 1, u64: 2, address: 16 };

/** Bytes of one value. */
export const fieldBytes = (type: FieldType): number => elementBytes[type] * elementsPerValue[type];

/** Bytes of a column of `count` values, padding included. */
export const columnBytes = (type: FieldType, count: number): number => (fieldBytes(type) * count + 7) & ~7;

/** A view of `count` values at `offset`, which must be aligned to 8. */
export function columnAt(buffer: ArrayBufferLike, offset: number, type: FieldType, count: number): Column {
  const length = count * elementsPerValue[type];
  switch (elementBytes[type]) {
    case 4:
      return new Uint32Array(buffer, offset, length);
    case 2:
      return new Uint16Array(buffer, offset, length);
    default:
      return new Uint8Array(buffer, offset, length);
  }
}

/** Bytes of a legs payload. */
export function legsPayloadBytes(fields: Fields, legs: number, records: number, flows: number): number {
  const table = (of: Field[], count: number): number => of.reduce((sum, f) => sum + columnBytes(f.type, count), 0);
  return LEGS_HEADER_BYTES + table(fields.legs, legs) + table(fields.records, records) + table(fields.flows, flows);
}

/**
 * Lays a payload out in `payload` (aligned to 8): writes its header and gives views to fill in.
 */
export function layLegsPayload(
  payload: Uint8Array,
  fields: Fields,
  baseNs: number,
  legCount: number,
  recordCount: number,
  flowCount: number,
): LegsPayload {
  const view = new DataView(payload.buffer, payload.byteOffset, LEGS_HEADER_BYTES);
  view.setFloat64(0, baseNs, true);
  view.setUint32(8, legCount, true);
  view.setUint32(12, recordCount, true);
  view.setUint32(16, flowCount, true);
  view.setUint32(20, 0, true);
  return viewLegsPayload(payload, fields);
}

/**
 * Views of a legs payload (aligned to 8), none copied. Checks that counts and references hold, so that a reader need not.
 * @throws WireError 'columns' when they do not
 */
export function decodeLegsPayload(payload: Uint8Array, fields: Fields): LegsPayload {
  const decoded = viewLegsPayload(payload, fields);
  const count = decoded.legs['count'];
  let records = 0;
  for (let i = 0; i < decoded.legCount; i++) {
    if (count[i] === 0) throw new WireError('columns', 'a leg without records');
    records += count[i];
  }
  if (records !== decoded.recordCount) {
    throw new WireError('columns', `legs count ${records} records, the frame has ${decoded.recordCount}`);
  }
  const flow = decoded.records['flow'];
  for (let i = 0; i < records; i++) {
    if (flow[i] >= decoded.flowCount) throw new WireError('columns', 'a record refers to a flow that is not there');
  }
  return decoded;
}

function viewLegsPayload(payload: Uint8Array, fields: Fields): LegsPayload {
  if (payload.length < LEGS_HEADER_BYTES) throw new WireError('columns', 'legs frame without a header');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const baseNs = view.getFloat64(0, true);
  if (!Number.isFinite(baseNs)) throw new WireError('columns', 'legs frame without a time');
  const [legCount, recordCount, flowCount] = [8, 12, 16].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  const expected = legsPayloadBytes(fields, legCount, recordCount, flowCount);
  if (expected !== payload.length) {
    throw new WireError('columns', `legs frame of ${payload.length} bytes, its counts make ${expected}`);
  }
  let offset = payload.byteOffset + LEGS_HEADER_BYTES;
  const table = (of: Field[], count: number): Columns => {
    const columns: Columns = {};
    for (const field of of) {
      columns[field.name] = columnAt(payload.buffer, offset, field.type, count);
      offset += columnBytes(field.type, count);
    }
    return columns;
  };
  return {
    baseNs, legCount, recordCount, flowCount,
    legs: table(fields.legs, legCount),
    records: table(fields.records, recordCount),
    flows: table(fields.flows, flowCount),
  }; // prettier-ignore
}
