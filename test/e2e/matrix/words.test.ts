import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DATAGRAM_WORDS, datagramOf, readNumbers, WORD_BYTES } from './words.ts';

/** A flow's bytes from a place on. */
function stream(flow: number, place: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * WORD_BYTES);
  for (let i = 0; i < count; i++) {
    bytes.writeUInt16BE(0x684c, i * WORD_BYTES);
    bytes[i * WORD_BYTES + 2] = flow;
    bytes.writeUIntBE(place + i, i * WORD_BYTES + 3, 5);
  }
  return bytes;
}

test('any 23 bytes of a flow, behind anything, say which they are', () => {
  fc.assert(
    fc.property(
      fc.nat(255),
      fc.nat(2 ** 36),
      fc.nat(100),
      fc.integer({ min: 23, max: 200 }),
      fc.uint8Array({ maxLength: 60 }),
      (flow, place, from, length, before) => {
        const piece = stream(flow, place, 40).subarray(from, from + length);
        const found = readNumbers(Buffer.concat([before, piece]));
        expect(found).toEqual({ flow, offset: place * WORD_BYTES + from - before.length });
      },
    ),
  );
});

test('other bytes say nothing', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => readNumbers(Buffer.from(bytes)) === undefined));
});

test('a place tells which datagram of the flow it is in', () => {
  expect([0, 8, DATAGRAM_WORDS * WORD_BYTES - 1, DATAGRAM_WORDS * WORD_BYTES].map(datagramOf)).toEqual([0, 0, 0, 1]);
});
