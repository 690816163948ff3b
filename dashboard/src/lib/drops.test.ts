import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFilter, type Subject } from '../../../agent/trace/filter.ts';
import type { DropRow } from '../worker/drops.ts';
import { basisOf } from './drop-basis.ts';
import { dropColumns, listDrop, sortDrops, sortDropsBy, wordsOf } from './drops.ts';
import { ask } from './narrow.ts';

const row = (more: Partial<DropRow> = {}): DropRow => ({
  verdict: 'dropped', reason: 'NO_SOCKET', symbol: 'udp_rcv', hook: null, inPod: true, text: 'x', node: 'n2', device: 'vethapi',
  count: 3, estimated: 192, exact: 200, pairs: 2, firstMs: 1e12, lastMs: 1e12 + 5000,
  example: { from: 'web', to: 'api:53', source: '10.0.0.1:4000', destination: '10.0.0.2:53', protocol: 'udp', identity: 'ab', atMs: 1e12 },
  ...more,
}); // prettier-ignore

describe('a row of the drops', () => {
  test('tells figures, place, meaning and an example', () => {
    expect(listDrop(row(), 8, 60)).toMatchObject({
      verdict: { word: 'verdict:dropped' }, node: { word: 'node:n2' }, device: { word: 'device:vethapi' }, place: 'in the pod',
      n: '3', nExactly: '3 sampled packets, which stand for 192', exact: '200', rate: '3.2 /s', paths: '2 of 8', pathsExactly: '25 %',
      example: expect.stringContaining('web ▸ api:53 udp (10.0.0.1:4000 ▸ 10.0.0.2:53) at ') as string, means: 'Nobody listens on that port.',
    }); // prettier-ignore
  });

  test('without a kernel’s word says so, and counts nothing of it', () => {
    expect(listDrop(row({ exact: 0 }), 8, 60).exact).toBe('');
    const listed = listDrop(row({ verdict: 'vanished', reason: '', symbol: '', exact: 0, inPod: false }), 8, 60);
    expect(listed).toMatchObject({ reason: 'no kernel said why', exact: '', place: 'behind it' });
  });

  test('has a word for every name, and none where there is no name', () => {
    expect(listDrop(row({ device: 'a b' }), 8, 60).device).toEqual({ text: 'a b', word: 'device:a*b' });
    expect(wordsOf(listDrop(row({ device: '' }), 8, 60))).toEqual(['verdict:dropped', 'node:n2']);
  });
});

const subject = (verdict: Subject['verdict']): Subject => ({
  protocol: 'udp', sources: [], destinations: [], sourcePorts: [], destinationPorts: [53], nodes: ['n2'], devices: ['vethapi'], names: [], verdict,
  latencyNs: { least: NaN, most: NaN },
}); // prettier-ignore

test('its words narrow whatever filter is there', () => {
  for (const before of ['', 'udp', 'port 53 or port 80', 'verdict:dropped']) {
    const filter = ask(before, wordsOf(listDrop(row(), 8, 60)));
    expect(parseFilter(filter)(subject('dropped'))).toBe(true);
    expect(parseFilter(filter)(subject('delivered'))).toBe(false);
    expect(ask(filter, wordsOf(listDrop(row(), 8, 60)))).toBe(filter);
  }
});

test('the order is that of its column, and its opposite', () => {
  const some = fc.record({ count: fc.nat(9), node: fc.constantFrom('a', 'b'), text: fc.string() }).map(row);
  const rows = fc.uniqueArray(some, { selector: ({ text }) => text });
  fc.assert(
    fc.property(rows, fc.constantFrom(...dropColumns), (given, by) => {
      const up = sortDrops(given, { by, descending: false });
      expect(up.toSorted((a, b) => (a.text < b.text ? -1 : 1))).toEqual(given.toSorted((a, b) => (a.text < b.text ? -1 : 1))); // prettier-ignore
      if (by === 'n') expect(up.map(({ count }) => count)).toEqual(given.map(({ count }) => count).sort());
    }),
  );
  expect(sortDropsBy('n', { by: 'what', descending: false })).toEqual({ by: 'n', descending: true });
  expect(sortDropsBy('n', { by: 'n', descending: true })).toEqual({ by: 'n', descending: false });
});

describe('what "no drop" rests on', () => {
  const counters = {
    seen: 900, sampled: 90, joined: 88, joinable: 88, joinableJoined: 88, ambiguous: 0, dropped: 0, vanished: 0, lostByUs: 0,
    undecided: 0, partlyFiltered: 0, framesMissed: 0, recordsLost: 0,
  }; // prettier-ignore
  const node = { name: 'n1', state: 'up', noDrops: '' } as Parameters<typeof basisOf>[0]['nodes'][number];
  const good = { counters, nodes: [node], exponent: 0, heldSeconds: 60, span: { from: 0, to: 60 } };
  const doubts = (part: Partial<typeof good>): string[] =>
    basisOf({ ...good, ...part })
      .filter(({ isDoubt }) => isDoubt)
      .map(({ text }) => text);

  test('is what was seen, without a doubt where there is none', () => {
    expect(basisOf(good)[0].text).toBe(
      '900 packets seen on 1 node, 90 followed (1:1), 100 % of those that every hop must have written joined.',
    );
    expect(doubts({})).toEqual([]);
  });

  test('says all that could hide a loss', () => {
    const nodes = [node, { ...node, name: 'n2', state: 'silent' as const, noDrops: 'no BTF' }];
    expect(doubts({ nodes, heldSeconds: 5, counters: { ...counters, lostByUs: 2, recordsLost: 3, framesMissed: 4 } })).toEqual([
      'Only 5 s of it are held.',
      'Not heard of: n2.',
      expect.stringContaining('not watched on n2'),
      expect.stringContaining('2 packets were not seen by us'),
      '3 records could not be written by the agents.',
      '4 frames did not reach this page.',
    ]); // prettier-ignore
  });
});
