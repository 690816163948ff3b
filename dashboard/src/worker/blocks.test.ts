import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBlocks } from './blocks.ts';

const MOST = 40;

test('no two blocks that are taken share a number, and all of them can be taken again', () => {
  const steps = fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), isGiven: fc.boolean(), which: fc.nat() }), { maxLength: 100 }); // prettier-ignore
  fc.assert(
    fc.property(steps, (given) => {
      const blocks = createBlocks(MOST);
      let taken: { base: number; size: number }[] = [];
      for (const { size, isGiven, which } of given) {
        if (isGiven && taken.length > 0) {
          const [gone] = taken.splice(which % taken.length, 1);
          blocks.give(gone.base, gone.size);
        } else {
          const base = blocks.take(size);
          if (base !== undefined) taken.push({ base, size });
        }
        const numbers = taken.flatMap((block) => Array.from({ length: block.size }, (_, at) => block.base + at));
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(numbers.every((number) => number >= 0 && number < MOST)).toBe(true);
      }
      for (const { base, size } of taken) blocks.give(base, size);
      taken = [];
      for (let base: number | undefined; (base = blocks.take(1)) !== undefined;) taken.push({ base, size: 1 });
      expect(taken.length).toBe(MOST);
    }),
  );
});
