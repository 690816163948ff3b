import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastShare, mostShare } from './share.ts';
import { sinceWhen } from './since.ts';

test('a clear change is found at its second, wherever it lies and however unevenly packets come', () => {
  const seconds = fc.array(fc.nat({ max: 40 }), { minLength: 12, maxLength: 60 });
  fc.assert(
    fc.property(seconds, fc.nat(), (packets, place) => {
      const change = 2 + (place % (packets.length - 4));
      packets[change] += 1;
      packets[change - 1] += 1;
      const tallies = packets.map((of, second) => ({ second, of, bad: second < change ? 0 : of }));
      expect(sinceWhen(tallies, 0, 1)).toBe(change);
    }),
  );
});

test('the interval of a share holds the share, and narrows with the sample', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (of, part) => {
      const bad = Math.round(part * of);
      const [least, most] = [leastShare(bad, of), mostShare(bad, of)];
      expect(least).toBeLessThanOrEqual(bad / of + 1e-12);
      expect(most).toBeGreaterThanOrEqual(bad / of - 1e-12);
      expect(mostShare(10 * bad, 10 * of) - leastShare(10 * bad, 10 * of)).toBeLessThanOrEqual(most - least + 1e-12);
    }),
  );
});

test('nothing is known of a share without a sample', () => {
  expect([leastShare(0, 0), mostShare(0, 0)]).toEqual([0, 1]);
});
