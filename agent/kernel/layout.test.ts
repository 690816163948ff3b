import { describe, expect, it } from 'vitest';
import { LayoutError, recordLayout, type Member, type Struct } from './layout.ts';
import { sampleRecord } from './sample-layout.ts';

const without = (name: string): Struct => ({
  ...sampleRecord,
  fields: sampleRecord.fields.filter((f) => f.name !== name),
});

describe('recordLayout', () => {
  it('makes wire fields of the struct, in camel case, without padding', () => {
    const { fields } = recordLayout(sampleRecord);
    const names = fields.records.map((field) => field.name);
    expect(names).toContain('wirePackets');
    expect(names).not.toContain('identity');
    expect(names.some((name) => name.startsWith('padding'))).toBe(false);
    expect(fields.flows).toContainEqual({ name: 'sourcePort', type: 'u16' });
    expect(fields.flows).toContainEqual({ name: 'source', type: 'address' });
  });

  it('carries a field that it never heard of', () => {
    const extra: Member = { name: 'queue_ns', offset: 104, size: 8, count: 1 };
    const { fields } = recordLayout({ size: 112, fields: [...sampleRecord.fields, extra] });
    expect(fields.records).toContainEqual({ name: 'queueNs', type: 'u64' });
  });

  it.each(['identity', 'time_ns', 'flow', 'context', 'wire_packets'])('refuses a record without %s', (name) => {
    expect(() => recordLayout(without(name))).toThrow(LayoutError);
  });

  it('refuses a field that the wire cannot carry, and one that is not aligned', () => {
    const odd: Member = { name: 'odd', offset: 104, size: 3, count: 3 };
    expect(() => recordLayout({ size: 112, fields: [...sampleRecord.fields, odd] })).toThrow(/odd/);
    expect(() => recordLayout({ ...sampleRecord, size: 101 })).toThrow(/aligned/);
  });
});
