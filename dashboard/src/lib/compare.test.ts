import { expect, test } from 'vitest';
import type { RowShape } from '../worker/rows.ts';
import { compareSegment, sentenceOf, type Compared } from './compare.ts';

const hop = (node: string, device: string) => ({
  node, device, kind: 'uplink', direction: 'egress', source: '', destination: '',
} as const); // prettier-ignore

type Stretched = Pick<RowShape, 'hops' | 'segments' | 'isSuper' | 'isLost'>;

/** Through `cni0` and out by eth0; the second segment is the shared one. */
const path = (pod: string, more: Partial<Stretched> = {}): Stretched => ({
  hops: [hop('n1', pod), hop('n1', 'cni0'), hop('n1', 'eth0')],
  segments: [
    { name: 'bridge', isSleeved: false, isWire: false },
    { name: 'route', isSleeved: false, isWire: false },
  ],
  isSuper: false,
  isLost: false,
  ...more,
});

function compare(p99Ns: number[], packets = p99Ns.map(() => 100), more: Partial<Stretched>[] = []) {
  const all = p99Ns.map((value, at): Compared => ({
    shape: path(`veth${at}`, more[at]),
    packets: packets[at],
    p99Ns: (segment) => [1, value][segment],
  }));
  return (at: number) => compareSegment(all[0], at, all);
}

test('a device that is slow for one path only is told from one that is slow for all', () => {
  expect(compare([5000, 1000, 1100, 900])(1)).toMatchObject({ paths: 3, ratio: 5, verdict: 'only this' });
  expect(compare([5000, 4800, 5100, 90_000])(1)).toMatchObject({ paths: 3, verdict: 'all alike' });
  expect(compare([500, 4800, 5100])(1)).toMatchObject({ verdict: 'faster' });
});

test('what no other path passes, or too few packets do, is not compared', () => {
  expect(compare([5000, 1000])(0).verdict).toBe('no other');
  expect(compare([5000, 1000], [100, 3])(1).verdict).toBe('thin');
  expect(compare([5000, 1000], [3, 100])(1).verdict).toBe('thin');
});

test('super-packets and lost ones are no measure for others', () => {
  expect(compare([5000, 1000], [100, 100], [{}, { isSuper: true }])(1).verdict).toBe('no other');
  expect(compare([5000, 1000], [100, 100], [{}, { isLost: true }])(1).verdict).toBe('no other');
});

test('says it in a sentence', () => {
  expect(sentenceOf(compare([5000, 1000])(1))).toMatch(/^Slower for this path than for the other path .* p99 5 ×/);
  expect(sentenceOf(compare([5000, 5000, 5000])(1))).toContain('As with the 2 other paths');
});
