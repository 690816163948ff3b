import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold, wrap } from './lines.ts';

test('a line is broken between its parts, else between words, the rest further in', () => {
  expect(fold(' ▾ 12:00:00 n1: route is new', 16)).toEqual([' ▾ 12:00:00 n1:', '   route is new']);
  expect(fold('total 53.8 µs ±53 µs · vxlan +50 B', 24)).toEqual(['total 53.8 µs ±53 µs', '   vxlan +50 B']);
  expect(fold('10.244.1.2▶10.244.2.2', 8)).toEqual(['10.244.…']);
});

test('whatever the width nothing is wider, and only what has no gap is cut', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, fc.constantFrom(' ', ' · '), fc.integer({ min: 12, max: 60 }), (parts, gap, columns) => {
      for (const lines of [fold(parts.join(gap), columns), wrap(parts, columns)]) {
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
        expect(lines.join(' ').match(/[a-z]+/g)).toEqual(parts);
      }
    }),
  );
});
