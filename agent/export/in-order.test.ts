import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInOrder } from './in-order.ts';

function ordered(times: number[], heldNs: number, mostHeld?: number) {
  const given: number[] = [];
  const inOrder = createInOrder<number>((item) => given.push(item), heldNs, mostHeld);
  for (const ns of times) inOrder.add(ns, ns);
  inOrder.flush();
  return { given, late: inOrder.late };
}

describe('what comes nearly in order', () => {
  it('leaves in order where nothing comes later than is waited for', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000)), (times) => {
        const { given, late } = ordered(times, 1000);
        expect(given).toEqual(times.toSorted((a, b) => a - b));
        expect(late).toBe(0);
      }),
    );
  });

  it('loses nothing and counts what comes too late', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000)), fc.nat(50), fc.integer({ min: 1, max: 20 }), (times, heldNs, most) => {
        const { given, late } = ordered(times, heldNs, most);
        expect(given.toSorted((a, b) => a - b)).toEqual(times.toSorted((a, b) => a - b));
        let latest = -Infinity;
        const behind = given.filter((ns) => {
          const isBehind = ns < latest;
          latest = Math.max(latest, ns);
          return isBehind;
        });
        expect(late).toBe(behind.length);
      }),
    );
  });

  it('keeps the order of equal times', () => {
    const given: string[] = [];
    const inOrder = createInOrder<string>((item) => given.push(item));
    for (const item of ['a', 'b', 'c', 'd']) inOrder.add(5, item);
    inOrder.flush();
    expect(given.join('')).toBe('abcd');
  });
});
