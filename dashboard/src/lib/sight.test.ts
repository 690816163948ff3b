import { expect, test } from 'vitest';
import { scrollTo, sightOf } from './sight.ts';

test('rows in the window are drawn, with some around them, and no others', () => {
  expect(sightOf(1000, 600, 24, 1000)).toEqual({ from: 0, to: 25 });
  expect(sightOf(1000, -2400, 24, 1000)).toEqual({ from: 92, to: 150 });
  expect(sightOf(20, -2400, 24, 1000)).toEqual({ from: 20, to: 20 });
  expect(sightOf(20, 5000, 24, 1000)).toEqual({ from: 0, to: 0 });
});

test('a row is scrolled to no further than needed', () => {
  expect(scrollTo(0, 600, 24, 40, 1000)).toBe(0);
  expect(scrollTo(30, 600, 24, 40, 1000)).toBe(344);
  expect(scrollTo(3, -100, 24, 40, 1000)).toBe(-68);
});
