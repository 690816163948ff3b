/** The inspector's cards, of the recorded shapes that compare.test.ts does not need. */
import { expect, test } from 'vitest';
import type { RowShape } from '../worker/rows.ts';
import { cardOf, lossCard, type Focused } from './card.ts';
import type { Figures } from './row.ts';
import { formatSubject, parseSubject } from './subject.ts';

const hop = (node: string, device: string, kind: 'pod' | 'uplink') => ({
  node, device, kind, direction: 'egress', source: '10.0.0.1:4000', destination: '10.0.0.2:80',
} as const); // prettier-ignore

const shape = {
  id: 1, name: 'tcp:a>b', isSuper: false, isLost: false, loss: '', verdict: 'delivered', drop: undefined,
  hops: [hop('n1', 'veth1', 'pod'), hop('n1', 'eth0', 'uplink'), hop('n2', 'eth0', 'uplink')],
  segments: [{ name: 'route', isSleeved: false, isWire: false }, { name: 'wire', isSleeved: false, isWire: true }],
} as unknown as RowShape; // prettier-ignore

const figures = {
  joined: 100, lost: 0, p50Ns: 50_000, p99Ns: 90_000, boundNs: 7000,
  segmentP50Ns: Float64Array.of(10_000, 40_000), segmentP99Ns: Float64Array.of(20_000, 70_000),
} as unknown as Figures; // prettier-ignore

const focused: Focused = { shape, figures, beside: undefined };

const values = (at: number, kind: 'segment' | 'hop'): string[] =>
  cardOf({ kind, at }, focused, [])!.facts.map(({ what, value }) => `${what}: ${value}`);

test('a segment has its figures, what clock they rest on, and its share', () => {
  expect(values(0, 'segment')).toContain('clock: one: exact');
  expect(values(1, 'segment')).toEqual([
    'between: eth0 and eth0', 'p50: 40 µs', 'p99: 70 µs', 'clock: ±7 µs', 'packets: 100', 'beside p50 of the whole: 80 %',
  ]); // prettier-ignore
});

test('a device has what lies before and behind it', () => {
  expect(values(1, 'hop')).toEqual(
    expect.arrayContaining(['before it: route p99: 20 µs', 'behind it: wire p99: 70 µs']),
  );
});

test('what stands beside it is told of what was clicked, and not of what was clicked before', () => {
  const comparison = { paths: 0, ratio: NaN, verdict: 'no other' } as const;
  const beside = { subject: { kind: 'hop', at: 1 }, stretches: [{ segment: 0, comparison }], through: 1 } as const;
  const card = (at: number) => cardOf({ kind: 'hop', at }, { ...focused, beside: { ...beside, stretches: [...beside.stretches] } }, [])!; // prettier-ignore
  expect(card(1).facts).toContainEqual({ what: 'paths through it', value: '1' });
  expect(card(1).sentences).toEqual(['route: No other path of such packets passes here in what is shown.']);
  expect(card(2).sentences).toEqual([]);
  expect(card(2).facts.map(({ what }) => what)).not.toContain('paths through it');
});

test('what is not there has no card', () => {
  expect(cardOf({ kind: 'segment', at: 7 }, focused, [])).toBeUndefined();
  expect(cardOf({ kind: 'hop', at: 3 }, focused, [])).toBeUndefined();
  expect(cardOf({ kind: 'node', name: 'n9' }, focused, [])).toBeUndefined();
});

test('a drop has its evidence, what it means and what to look at', () => {
  const drop = {
    reason: 'NETFILTER_DROP', symbol: 'nft_do_chain', hook: 'forward', node: 'n2', device: 'cni0', inPod: false,
    stack: ['nft_do_chain', 'nf_hook_slow', 'ip_forward'],
  }; // prettier-ignore
  const card = lossCard({ ...shape, verdict: 'dropped', loss: 'dropped at n2 cni0', drop }, 12);
  expect(card.facts.map(({ value }) => value)).toEqual([
    '12', 'NETFILTER_DROP', 'nft_do_chain', 'forward', 'nf_hook_slow ◂ ip_forward', 'n2 eth0',
  ]); // prettier-ignore
  expect(card.sentences[0]).toContain('netfilter');
  expect(card.sentences[1]).toMatch(/^Look at: /);
});

test('subjects are words of the address', () => {
  for (const text of ['segment:3', 'hop:0', 'node:a:b']) expect(formatSubject(parseSubject(text)!)).toBe(text);
  for (const text of ['', 'segment:', 'segment:-1', 'segment:999', 'hop:x', 'other:1'])
    expect(parseSubject(text)).toBeUndefined();
});
