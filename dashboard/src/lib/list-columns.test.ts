import { expect, test } from 'vitest';
import { formatColumns, listColumns, narrowColumns, parseColumns, toggle } from './list-columns.ts';

test('a column leaves, and comes back to its place', () => {
  const without = toggle(listColumns, 'p50');
  expect(formatColumns(without)).toBe('protocol,ruler,n,p99,change,bytes,rate,loss');
  expect(toggle(without, 'p50')).toEqual(listColumns);
  expect(toggle(['loss'], 'n')).toEqual(['n', 'loss']);
});

test('words of an address that are no columns are none, and all of them are as if there were none', () => {
  expect(parseColumns('loss,colour,n,n')).toEqual(['n', 'loss']);
  expect(parseColumns('colour')).toEqual(listColumns);
  expect(parseColumns('')).toEqual([]);
  expect(listColumns).toEqual(expect.arrayContaining([...narrowColumns]));
});
