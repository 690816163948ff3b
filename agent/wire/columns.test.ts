import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LEGS_HEADER_BYTES,
  columnBytes,
  decodeLegsPayload,
  layLegsPayload,
  legsPayloadBytes,
  type Fields,
  type LegsPayload,
} from './columns.ts';
import { WireError } from './frame.ts';

const fields: Fields = {
  legs: [
    { name: 'identity', type: 'u64' },
    { name: 'count', type: 'u8' },
  ],
  records: [
    { name: 'timeNs', type: 'u32' },
    { name: 'flow', type: 'u16' },
    { name: 'kind', type: 'u8' },
  ],
  flows: [
    { name: 'source', type: 'address' },
    { name: 'sourcePort', type: 'u16' },
  ],
};

/** Records of each leg; at least one flow where there are records. */
const shape = fc.record({
  counts: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }),
  flows: fc.integer({ min: 1, max: 4 }),
  baseNs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  seed: fc.nat(1000),
});

function build({ counts, flows, baseNs, seed }: { counts: number[]; flows: number; baseNs: number; seed: number }) {
  const records = counts.reduce((sum, count) => sum + count, 0);
  const bytes = new Uint8Array(legsPayloadBytes(fields, counts.length, records, flows));
  const laid = layLegsPayload(bytes, fields, baseNs, counts.length, records, flows);
  laid.legs['count'].set(counts);
  for (let i = 0; i < records; i++) {
    laid.records['timeNs'][i] = seed + i;
    laid.records['flow'][i] = (seed + i) % flows;
  }
  laid.flows['source'].fill(seed & 0xff);
  return { bytes, laid };
}

const plain = (payload: LegsPayload): unknown =>
  JSON.parse(
    JSON.stringify(payload, (_key, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value)),
  );

const sumOf = (column: Iterable<number>): number => [...column].reduce((sum, count) => sum + count, 0);

describe('a legs payload', () => {
  it('comes back as it was laid out, in columns that do not touch', () => {
    fc.assert(
      fc.property(shape, (wanted) => {
        const { bytes, laid } = build(wanted);
        const decoded = decodeLegsPayload(bytes, fields);
        expect(plain(decoded)).toEqual(plain(laid));
        expect(Object.is(decoded.baseNs, wanted.baseNs)).toBe(true);
        const columns = [decoded.legs, decoded.records, decoded.flows].flatMap((table) => Object.values(table));
        let end = LEGS_HEADER_BYTES;
        for (const column of columns) {
          expect(column.byteOffset).toBe(end);
          end += (column.byteLength + 7) & ~7;
        }
        expect(end).toBe(bytes.length);
      }),
    );
  });

  it('whose counts lie is a WireError, whatever they say', () => {
    const lie = fc.tuple(fc.constantFrom(8, 12, 16), fc.integer({ min: 0, max: 0xffffffff }));
    fc.assert(
      fc.property(shape, lie, (wanted, [at, value]) => {
        const { bytes } = build(wanted);
        const view = new DataView(bytes.buffer);
        const before = view.getUint32(at, true);
        fc.pre(value !== before);
        view.setUint32(at, value, true);
        try {
          // Padding can hide a lie about counts from the size alone, never from what refers to them.
          const decoded = decodeLegsPayload(bytes, fields);
          expect(decoded.recordCount).toBe(sumOf(decoded.legs['count']));
          expect([...decoded.records['flow']].every((flow) => flow < decoded.flowCount)).toBe(true);
        } catch (error) {
          expect((error as WireError).code).toBe('columns');
        }
      }),
    );
  });

  it('of hostile bytes is a WireError or holds what it says', () => {
    fc.assert(
      fc.property(
        shape,
        fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 6 }),
        fc.nat(40),
        (wanted, changes, cut) => {
          const { bytes } = build(wanted);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const seen = bytes.subarray(0, Math.max(0, bytes.length - (cut & ~7)));
          try {
            const decoded = decodeLegsPayload(seen, fields);
            expect(sumOf(decoded.legs['count'])).toBe(decoded.recordCount);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        },
      ),
    );
  });

  it.each([
    ['a leg without records', (p: LegsPayload) => (p.legs['count'][0] = 0)],
    ['legs that count other records', (p: LegsPayload) => (p.legs['count'][0] = 3)],
    ['a flow that is not there', (p: LegsPayload) => (p.records['flow'][1] = 1)],
  ])('with %s is refused', (_what, spoil) => {
    const { bytes, laid } = build({ counts: [2], flows: 1, baseNs: 0, seed: 0 });
    spoil(laid);
    expect(() => decodeLegsPayload(bytes, fields)).toThrow(WireError);
  });

  it('without a time is refused', () => {
    const { bytes } = build({ counts: [1], flows: 1, baseNs: 0, seed: 0 });
    new DataView(bytes.buffer).setFloat64(0, NaN, true);
    expect(() => decodeLegsPayload(bytes, fields)).toThrow('without a time');
  });
});

it('columns take whole steps of 8 bytes', () => {
  expect([0, 1, 8, 9].map((count) => columnBytes('u8', count))).toEqual([0, 8, 8, 16]);
  expect([columnBytes('u64', 3), columnBytes('address', 3), columnBytes('u16', 5)]).toEqual([24, 48, 16]);
});
