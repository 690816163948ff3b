import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONTENT_BYTES, giveIdentity, identityOf, sampledIdentity } from './identity.ts';

const content = fc.uint8Array({ minLength: CONTENT_BYTES, maxLength: CONTENT_BYTES });
const length = fc.integer({ min: 8 + CONTENT_BYTES, max: 0xffff });

test('any content gets any identity, by its last eight bytes alone', () => {
  fc.assert(
    fc.property(content, length, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bytes, long, identity) => {
      const before = bytes.slice(0, CONTENT_BYTES - 8);
      const view = new DataView(bytes.buffer);
      giveIdentity(view, long, identity);
      expect(identityOf(view, long)).toBe(identity);
      expect(bytes.subarray(0, CONTENT_BYTES - 8)).toEqual(before);
    }),
  );
});

test('sampled identities have no bit among those that choose', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), (high) => {
      expect(sampledIdentity(high)).toBe(BigInt(high >>> 0) * 2n ** 32n);
    }),
  );
});

/** The same datagram stands in bpf/programs_datagrams_test.go: there it goes through the kernel's program. */
test('a datagram that the kernel’s program knows by its identity', () => {
  const bytes = Uint8Array.from({ length: CONTENT_BYTES }, (_, at) => at);
  giveIdentity(new DataView(bytes.buffer), 56, sampledIdentity(0xcafebabe));
  expect(Buffer.from(bytes).toString('hex')).toBe('000102030405060708090a0b0c0d0e0f10111213141516176e1187e38672acf4');
});
