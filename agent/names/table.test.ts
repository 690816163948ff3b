import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAddress } from '../paths/addresses.ts';
import { createAddressTable } from './table.ts';

/** Few different words, so that addresses share some and slots collide. */
const address = fc.tuple(fc.nat(3), fc.nat(3), fc.constantFrom(0, 0xffff0000), fc.nat(2 ** 32 - 1));

it('answers as a map does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(address, fc.nat(1000))), fc.array(address), (known, strangers) => {
      const table = createAddressTable(known.length);
      const map = new Map<string, number>();
      for (const [words, value] of known) {
        table.set(Uint32Array.from([7, ...words]), 1, value);
        map.set(words.join(), value);
      }
      for (const words of [...known.map(([first]) => first), ...strangers]) {
        expect(table.get(Uint32Array.from([9, 9, ...words]), 2)).toBe(map.get(words.join()) ?? -1);
      }
    }),
  );
});

it('holds the addresses of a cluster', () => {
  const count = 30_000;
  const table = createAddressTable(count);
  const addresses = Array.from({ length: count }, (_, i) => parseAddress(`10.244.${i >> 8}.${i & 255}`));
  addresses.forEach((words, i) => table.set(words, 0, i));
  expect(addresses.map((words) => table.get(words, 0))).toEqual(addresses.map((_, i) => i));
});
