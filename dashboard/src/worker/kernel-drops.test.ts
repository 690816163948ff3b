import { expect, test } from 'vitest';
import type { Stream } from '../../../agent/paths/streams.ts';
import { createKernelDrops } from './kernel-drops.ts';

const stream = (id: number, reasons: Record<string, number> | undefined): Stream =>
  ({ id, name: 'n1', drops: reasons && { reasons } }) as unknown as Stream;

test('what the kernel counted in a span, over a new start of its agent', () => {
  const drops = createKernelDrops(60);
  drops.note(10, [stream(1, { NO_SOCKET: 100, NOMEM: 5 })]);
  drops.note(11, [stream(1, { NO_SOCKET: 103, NOMEM: 5 })]);
  drops.note(12, [stream(1, { NO_SOCKET: 107, NOMEM: 6 }), undefined]);
  drops.note(13, [stream(2, { NO_SOCKET: 2 })]);
  expect(drops.within(10, 12)('n1', 'NO_SOCKET')).toBe(7);
  expect(drops.within(11, 13)('n1', 'NO_SOCKET')).toBe(6);
  expect(drops.within(10, 13)('n1', 'NOMEM')).toBe(1);
  // Before the first second nobody counted: only what came since.
  expect(drops.within(0, 11)('n1', 'NO_SOCKET')).toBe(3);
  expect(drops.within(10, 13)('n1', 'NEVER')).toBe(0);
});

test('of a node that does not tell is unknown', () => {
  const drops = createKernelDrops(60);
  drops.note(10, [stream(1, undefined)]);
  expect(drops.within(0, 10)('n1', 'NO_SOCKET')).toBeNaN();
  expect(drops.within(0, 10)('n2', 'NO_SOCKET')).toBeNaN();
});
