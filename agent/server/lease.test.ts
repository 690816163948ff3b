import { expect, it } from 'vitest';
import { createLease, type FilterAsked } from './lease.ts';

it('is of one holder, who may change it, until they give it back or go', () => {
  const applied: (string | undefined)[] = [];
  const lease = createLease((asked) => applied.push(asked?.expression));
  const [a, b] = [{}, {}];
  const asks = (expression: string): FilterAsked => ({ expression, by: 'somebody' });
  expect(lease.ask(a, asks('tcp'))).toBe(true);
  expect(lease.ask(b, asks('udp'))).toBe(false);
  expect(lease.ask(b, asks(''))).toBe(false);
  lease.release(b);
  expect(lease.ask(a, asks('icmp'))).toBe(true);
  lease.release(a);
  lease.release(a);
  expect(lease.ask(b, asks('udp'))).toBe(true);
  expect(lease.ask(b, asks(''))).toBe(true);
  expect(lease.ask(b, asks(''))).toBe(true);
  expect(applied).toEqual(['tcp', 'icmp', undefined, 'udp', undefined]);
});
