import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DATAGRAM_BYTES, Kind, decodeDatagram, encodeDatagram, keyOf } from './datagram.ts';
import { identityOf } from './identity.ts';

const key = keyOf('a token of the agents');
const datagram = fc.record({
  kind: fc.constantFrom(Kind.question, Kind.answer),
  session: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  number: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

test('a datagram is read as it was written, whatever lies around it', () => {
  fc.assert(
    fc.property(datagram, fc.nat(32), (written, offset) => {
      const bytes = new Uint8Array(offset + DATAGRAM_BYTES);
      bytes.set(encodeDatagram(key, written), offset);
      expect(decodeDatagram(key, bytes.subarray(offset))).toEqual(written);
    }),
  );
});

test('questions and answers are of one length: nobody gets more than was sent', () => {
  const lengths = [Kind.question, Kind.answer].map(
    (kind) => encodeDatagram(key, { kind, session: 1n, number: 1 }).length,
  );
  expect(lengths).toEqual([48, 48]);
});

test('each is sampled at every exponent, and has an identity of its own', () => {
  const identities = Array.from({ length: 200 }, () => {
    const bytes = encodeDatagram(key, { kind: Kind.question, session: 7n, number: 9 });
    return identityOf(new DataView(bytes.buffer), 8 + DATAGRAM_BYTES);
  });
  expect(identities.filter((identity) => (identity & 0xffffffffn) !== 0n)).toEqual([]);
  expect(new Set(identities).size).toBeGreaterThan(190);
});

test('whatever is changed, cut or sealed with another token is nothing', () => {
  fc.assert(
    fc.property(datagram, fc.nat(8 * DATAGRAM_BYTES - 1), fc.nat(DATAGRAM_BYTES - 1), (written, bit, length) => {
      const bytes = encodeDatagram(key, written);
      expect(decodeDatagram(keyOf('another token of agents'), bytes)).toBeUndefined();
      expect(decodeDatagram(key, bytes.subarray(0, length))).toBeUndefined();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(decodeDatagram(key, bytes)).toBeUndefined();
    }),
  );
});
