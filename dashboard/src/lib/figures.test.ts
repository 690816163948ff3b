import { expect, test } from 'vitest';
import { formatAge, formatBitRate, formatBytes, formatMany, formatPercent } from './format.ts';
import { endingOf, nodeFrames, shorten, translations } from './labels.ts';
import { sortBy, sortRows } from './sort.ts';

test('figures have three digits and a unit', () => {
  expect([0, 125, 47_812_500, NaN].map(formatBitRate)).toEqual(['0 bit/s', '1 kbit/s', '383 Mbit/s', 'unknown']);
  expect([1023, 99.6 * 2 ** 20].map(formatBytes)).toEqual(['1020 B', '99.6 MiB']);
  expect([9999, 12_533, 999_999].map(formatMany)).toEqual(['9,999', '12.5k', '1M']);
  expect([0, 0.00001, 0.0342, 1, NaN].map(formatPercent)).toEqual(['0 %', '< 0.01 %', '3.42 %', '100 %', '']);
  expect([900, 119_000, 7_199_000, 7_200_000].map(formatAge)).toEqual(['1 s', '119 s', '119 min', '2 h']);
});

const rows = ['b', 'a', 'lost', 'unknown'].map((name) => ({ shape: { name, protocol: 'tcp' } }));
const figures: Record<string, Record<string, number>> = {
  p99: { b: 20, a: 10, lost: Infinity, unknown: NaN },
  n: { b: 5, a: 7, lost: 3, unknown: 1 },
};
const order = (by: 'path' | 'p99' | 'n', descending: boolean): string[] =>
  sortRows(rows, { by, descending }, ({ shape }, which) => figures[which][shape.name]).map(({ shape }) => shape.name);

test('what never arrived took longest, and unknown comes last', () => {
  expect(order('p99', true)).toEqual(['lost', 'b', 'a', 'unknown']);
  expect(order('p99', false)).toEqual(['a', 'b', 'lost', 'unknown']);
  expect(order('n', true)).toEqual(['a', 'b', 'lost', 'unknown']);
  expect(order('path', false)).toEqual(['a', 'b', 'lost', 'unknown']);
});

test('a second click on a head turns the order round', () => {
  expect(sortBy('p50', { by: 'p99', descending: true })).toEqual({ by: 'p50', descending: true });
  expect(sortBy('p50', { by: 'p50', descending: true })).toEqual({ by: 'p50', descending: false });
  expect(sortBy('path', { by: 'p50', descending: true })).toEqual({ by: 'path', descending: false });
});

test('a change of address on the way is told where it shows', () => {
  const hops = [
    { source: '10.0.0.1:4', destination: '10.96.0.1:80' },
    { source: '10.0.0.1:4', destination: '10.0.1.1:8080' },
    { source: '10.0.0.1:4', destination: '10.0.1.1:8080' },
  ];
  expect(translations(hops)).toEqual([{ hop: 1, text: 'NAT to 10.0.1.1:8080' }]);
  expect(nodeFrames(['n1', 'n1', 'n2'].map((node) => ({ node })))).toEqual([
    { name: 'n1', first: 0, last: 1 },
    { name: 'n2', first: 2, last: 2 },
  ]);
  expect(shorten('fd00:10:244:1::2', 9)).toBe('fd00…1::2');
});

test('an open end says what became of the packets, in two words', () => {
  const dropped = 'dropped at n2 cni0 in the forward hook: NETFILTER_DROP (nft_do_chain)';
  expect(endingOf(dropped)).toEqual({ word: 'dropped', reason: 'NETFILTER_DROP' });
  expect(endingOf('vanished behind n1 eth0')).toEqual({ word: 'vanished', reason: 'no later hop saw it' });
});
