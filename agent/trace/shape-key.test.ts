import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textOf } from './shape-key.ts';

/** Small ones, and those around the ends of a unit. */
const number = fc.oneof(fc.nat(3), fc.integer({ min: 32_760, max: 32_776 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const numbers = fc.array(number, { maxLength: 6 });

test('other numbers make another text, the same ones the same', () => {
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      expect(textOf(a) === textOf(b)).toBe(a.join() === b.join());
      expect(textOf([...a])).toBe(textOf(a));
    }),
  );
});

test('a text is told apart into its numbers', () => {
  fc.assert(
    fc.property(numbers, (given) => {
      const read: number[] = [];
      let [value, scale] = [0, 1];
      for (const unit of textOf(given).split('')) {
        const code = unit.charCodeAt(0);
        value += (code & 0x7fff) * scale;
        scale *= 0x8000;
        if (code > 0x7fff) continue;
        read.push(value);
        [value, scale] = [0, 1];
      }
      expect(read).toEqual(given);
    }),
  );
});
