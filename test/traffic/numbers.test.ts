import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillNumbers, findWrongByte } from './numbers.ts';

const place = fc.integer({ min: 0, max: 2 ** 45 }).map((n) => n * 8);

test('the counter at offset n is n, big-endian', () => {
  fc.assert(
    fc.property(place, fc.integer({ min: 1, max: 64 }), (offset, words) => {
      const bytes = Buffer.alloc(words * 8);
      fillNumbers(bytes, offset);
      for (let i = 0; i < words; i++) expect(bytes.readBigUInt64BE(i * 8)).toBe(BigInt(offset + i * 8));
    }),
  );
});

test('any piece of the stream is right at its own place and wrong at every other', () => {
  const stream = Buffer.alloc(200_000);
  fillNumbers(stream, 0);
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.integer({ min: 16, max: 99_000 }),
      fc.integer({ min: 1, max: 900 }),
      (from, length, shift) => {
        const piece = stream.subarray(from, from + length);
        expect(findWrongByte(piece, from)).toBe(-1);
        expect(findWrongByte(piece, from + shift)).toBeGreaterThanOrEqual(from + shift);
      },
    ),
  );
});

test('the first wrong byte is found, wherever it is', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 70_000 }), fc.nat(), (from, length, where) => {
      const start = from - (from % 8);
      const stream = Buffer.alloc(length + 16);
      fillNumbers(stream.subarray(0, stream.length - (stream.length % 8)), start);
      const piece = stream.subarray(from - start, from - start + length);
      const wrong = where % length;
      piece[wrong] ^= 1;
      expect(findWrongByte(piece, from)).toBe(from + wrong);
    }),
  );
});
