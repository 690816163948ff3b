import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Mark } from '../../../agent/marks/marks.ts';
import { groupMarks } from './marks.ts';

test('marks that are dense stand in groups: none is lost, and no two are nearer than a mark is wide', () => {
  const axis = { from: 1000, to: 1600 };
  const all = fc.array(fc.integer({ min: axis.from, max: axis.to - 1 }), { maxLength: 200 });
  fc.assert(
    fc.property(all, fc.integer({ min: 200, max: 2000 }), (seconds, width) => {
      const marks = seconds.map((second): Mark => ({ second, kind: 'device', node: 'n1', text: String(second) }));
      const groups = groupMarks(marks, axis, width);
      expect(groups.flatMap((group) => group.marks).length).toBe(marks.length);
      groups.forEach((group, at) => {
        if (at > 0) expect(((group.from - groups[at - 1].from) / 600) * width).toBeGreaterThanOrEqual(12);
      });
    }),
  );
});
