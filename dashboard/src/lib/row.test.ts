import { expect, test } from 'vitest';
import type { RowShape } from '../worker/rows.ts';
import { segmentTime, segmentTitle, tunnelText, type Figures } from './row.ts';

const shape = {
  hops: [{ node: 'n1' }, { node: 'n1' }, { node: 'n2' }],
  segments: [{ name: 'encap' }, { name: 'wire', isWire: true }],
  tunnel: 'vxlan',
  tunnelBytes: 50,
} as RowShape;

const figures = {
  boundNs: 7000,
  innerBytes: 1458,
  segmentP50Ns: Float64Array.of(-200, -200),
  segmentP99Ns: Float64Array.of(2460.4, NaN),
} as unknown as Figures;

test('between nodes no more is told than the clocks allow', () => {
  expect(segmentTime(shape, figures, 0, -200)).toBe('-200 ns');
  expect(segmentTime(shape, figures, 1, -200)).toBe('< 7 µs');
  expect(segmentTime(shape, figures, 1, NaN)).toBe('unknown');
});

test('what is pointed at is told exactly, with its place', () => {
  expect(segmentTitle(shape, figures, 0)).toBe('encap, n1: p50 -200 ns, p99 2,460 ns');
  expect(segmentTitle(shape, figures, 1)).toBe('wire, n1 ▸ n2: p50 -200 ns, p99 unknown');
});

test('a tunnel tells what it adds, also in percent where the inner bytes are known', () => {
  expect(tunnelText(shape, figures)).toBe('vxlan +50 B (3.43 %)');
  expect(tunnelText(shape, { ...figures, innerBytes: NaN })).toBe('vxlan +50 B');
  expect(tunnelText({ ...shape, tunnelBytes: 0 }, figures)).toBe('');
});
