import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brushed, isIn, keepWithin, lengthOf, overlap, pixelAt, secondAt, shift, zoom, type Span } from './span.ts';

const BEGIN = 1.7e9;
const spans = (most: number): fc.Arbitrary<Span> =>
  fc
    .record({ from: fc.integer({ min: BEGIN, max: BEGIN + 1000 }), length: fc.integer({ min: 1, max: most }) })
    .map(({ from, length }) => ({ from, to: from + length }));
const widths = fc.integer({ min: 100, max: 3000 });

test('a span that is moved keeps its length and stays in what is held', () => {
  fc.assert(
    fc.property(spans(300), spans(900), fc.integer({ min: -2000, max: 2000 }), (span, held, by) => {
      for (const moved of [keepWithin(span, held), shift(span, by, held)]) {
        expect(lengthOf(moved)).toBe(Math.min(lengthOf(span), lengthOf(held)));
        expect(overlap(moved, held)).toEqual(moved);
      }
      expect(shift(span, 0, span)).toEqual(span);
    }),
  );
});

test('zoomed in and out again a span is as long as before, around the same middle', () => {
  fc.assert(
    fc.property(spans(300), (span) => {
      const held = { from: BEGIN - 5000, to: BEGIN + 5000 };
      const out = zoom(span, 2, held);
      expect(lengthOf(out)).toBe(2 * lengthOf(span));
      expect(overlap(out, span)).toEqual(span);
      expect(zoom(out, 0.5, held)).toEqual(span);
      expect(lengthOf(zoom(span, 0, held, 5))).toBe(5);
    }),
  );
});

test('pixels and seconds: each second is found where it is drawn', () => {
  fc.assert(
    fc.property(spans(600), widths, fc.nat(), (axis, width, any) => {
      const second = axis.from + (any % lengthOf(axis));
      const middle = (pixelAt(second, axis, width) + pixelAt(second + 1, axis, width)) / 2;
      expect(secondAt(middle, axis, width)).toBe(second);
    }),
  );
});

test('a brush covers every second that it touched, in either direction, and none outside of the axis', () => {
  fc.assert(
    fc.property(spans(600), widths, fc.tuple(fc.integer(), fc.integer()), (axis, width, [a, b]) => {
      const [from, to] = [a % (2 * width), b % (2 * width)];
      const span = brushed(from, to, axis, width);
      expect(brushed(to, from, axis, width)).toEqual(span);
      expect(overlap(span, axis)).toEqual(span);
      for (const pixel of [from, to]) expect(isIn(secondAt(pixel, axis, width), span)).toBe(true);
      expect(lengthOf(span)).toBeLessThanOrEqual(Math.abs(to - from) * (lengthOf(axis) / width) + 2);
    }),
  );
});
