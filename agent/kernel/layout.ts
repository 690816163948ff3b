/**
 * The record's layout, as the library reads it from the BTF of the kernel programs: the C struct in bpf/record.h is its
 * only definition. What goes on the wire follows from it too, so that a new field in C travels by itself.
 */
import type { Field, Fields, FieldType } from '../wire/columns.ts';
import { REQUIRED_FIELDS } from '../wire/columns.ts';

/** One member of a C struct: `count` elements of `size` bytes each; `fields` where they are structs. Offsets in bytes. */
export interface Member {
  name: string;
  offset: number;
  size: number;
  count: number;
  fields?: Member[];
}

export interface Struct {
  size: number;
  fields: Member[];
}

/** Where a wire field's value stands in a record. */
export interface Source extends Field {
  offset: number;
}

export interface RecordLayout {
  /** Bytes of a record, and of its place in the ring with the header before it. */
  size: number;
  strideBytes: number;
  identity: number;
  time: number;
  ifindex: number;
  direction: number;
  /** Offset and bytes of the flow, which is compared as words. */
  flow: { offset: number; size: number };
  /** Columns that are copied as they are. */
  records: Source[];
  flows: Source[];
  fields: Fields;
}

export const RING_HEADER_BYTES = 8;

export class LayoutError extends Error {
  override name = 'LayoutError';
}

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function wireType(member: Member): FieldType {
  if (member.count === 16 && member.size === 1) return 'address';
  if (member.count <= 1) {
    if (member.size === 1) return 'u8';
    if (member.size === 2) return 'u16';
    if (member.size === 4) return 'u32';
    if (member.size === 8) return 'u64';
  }
  throw new LayoutError(`the kernel's record has a field ${member.name} of ${member.size} bytes that has no wire type`);
}

function find(members: Member[], name: string): Member {
  const member = members.find((m) => m.name === name);
  if (!member)
    throw new LayoutError(`the kernel's record has no field ${name}: library and agent are of different builds`);
  return member;
}

const sources = (members: Member[], base: number): Source[] =>
  members
    .filter((member) => !member.name.startsWith('padding'))
    .map((member) => ({ name: camelCase(member.name), type: wireType(member), offset: base + member.offset }));

const asFields = (of: Source[]): Field[] => of.map(({ name, type }) => ({ name, type }));

function checkRequired(fields: Fields): void {
  for (const table of ['legs', 'records', 'flows'] as const) {
    for (const name of REQUIRED_FIELDS[table]) {
      if (!fields[table].some((field) => field.name === name)) {
        throw new LayoutError(`the kernel's record has no ${name}: library and agent are of different builds`);
      }
    }
  }
}

/** @throws LayoutError when the record lacks what the agent relies on, or is not made of aligned words */
export function recordLayout(record: Struct): RecordLayout {
  const identity = find(record.fields, 'identity');
  const time = find(record.fields, 'time_ns');
  const flow = find(record.fields, 'flow');
  if (!flow.fields) throw new LayoutError("the kernel's record has a flow that is no struct");
  if (record.size % 8 || flow.offset % 4 || flow.size % 4 || identity.offset % 8 || time.offset % 8) {
    throw new LayoutError(`the kernel's record of ${record.size} bytes is not aligned`);
  }
  const special = new Set([identity, time, flow]);
  const records = sources(record.fields.filter((member) => !special.has(member)), 0); // prettier-ignore
  const flows = sources(flow.fields, flow.offset);
  const fields: Fields = {
    legs: [
      { name: 'identity', type: 'u64' },
      { name: 'count', type: 'u16' },
    ],
    records: [{ name: 'timeNs', type: 'u32' }, { name: 'flow', type: 'u16' }, ...asFields(records)],
    flows: asFields(flows),
  };
  checkRequired(fields);
  return {
    size: record.size,
    strideBytes: record.size + RING_HEADER_BYTES,
    identity: identity.offset,
    time: time.offset,
    ifindex: find(record.fields, 'ifindex').offset,
    direction: find(record.fields, 'direction').offset,
    flow: { offset: flow.offset, size: flow.size },
    records,
    flows,
    fields,
  };
}
