import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MINI_WIDTH, halves, layMini, layOut, pixels, scales } from './ruler.ts';

const times = fc.array(fc.oneof(fc.integer({ min: -1000, max: 1e9 }), fc.constant(NaN)), {
  minLength: 1,
  maxLength: 12,
});

test('stretches lie one behind the other and fill the width, whatever the times', () => {
  fc.assert(
    fc.property(times, fc.constantFrom(...scales), (p99Ns, scale) => {
      const p50Ns = p99Ns.map((timeNs) => timeNs / 3);
      const width = 100 * p99Ns.length + 200;
      const { stretches } = layOut(p50Ns, p99Ns, scale, width, 90);
      expect(stretches[0].from).toBe(0);
      expect(stretches.at(-1)!.to).toBeCloseTo(width, 3);
      stretches.forEach((stretch, at) => {
        if (at > 0) expect(stretch.from).toBe(stretches[at - 1].to);
        expect(stretch.to - stretch.from).toBeGreaterThanOrEqual(90 - 1e-6);
        expect(stretch.body).toBeGreaterThanOrEqual(stretch.from);
        expect(stretch.whisker).toBeGreaterThanOrEqual(stretch.body - 1e-6);
        expect(stretch.whisker).toBeLessThanOrEqual(stretch.to + 1e-6);
      });
    }),
  );
});

test('lengths compare over the whole ruler', () => {
  const laid = layOut([100, 400, 100], [1000, 4000, 1000], 'linear', 1000, 10);
  const lengths = laid.stretches.map((stretch) => stretch.body - stretch.from);
  expect(lengths[1] / lengths[0]).toBeCloseTo(4, 6);
  expect(pixels(laid, 'linear', 400)).toBeCloseTo(lengths[1], 6);
  const roots = layOut([100, 400, 100], [1000, 4000, 1000], 'sqrt', 1000, 10).stretches;
  expect((roots[1].body - roots[1].from) / (roots[0].body - roots[0].from)).toBeCloseTo(2, 6);
});

test('every thin ruler has the middle of its wire in the middle', () => {
  const segments = [false, true, false].map((isWire) => ({ isWire, isSleeved: false }));
  expect(halves([10, 4, 30], 1, 'linear')).toEqual([12, 32]);
  const { wire, plain } = layMini([10, 4, 30], segments, 'linear', 1);
  const [from, to] = /M(\d+) 7H(\d+)/.exec(wire)!.slice(1).map(Number);
  expect(Math.abs((from + to + 1) / 2 - MINI_WIDTH / 2)).toBeLessThanOrEqual(1);
  expect(plain.match(/M/g)).toHaveLength(2);
});
