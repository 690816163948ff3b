/** Filters over rows that have much in common: pods of the same nodes, each behind a device of its own. */
import { expect, test } from 'vitest';
import { createAgent, framesOf, podFlow, podToPod, type Written } from '../../../agent/paths/synthetic.ts';
import { Kind } from '../../../agent/paths/words.ts';
import { createSession } from './session.ts';
import { rowsOf } from './testing.ts';

const START_MS = 1.7e12;
const UNTIL_MS = 12_000;
const ends = [0, 1].flatMap((from) => [0, 1].map((to) => ({ from, to })));

/** Pings of two pods of one node to two of the other, from 4 s on. */
const records = Array.from({ length: 40 }, (_, at): Written[] => {
  const { from, to } = ends[at % ends.length];
  return podToPod(0, from, 1, to).map((hop, place) => ({
    ...hop, timeNs: 4e9 + at * 50e6 + place * 10_000, identity: [at + 1, at], flow: podFlow(0, from, 1, to), kind: Kind.icmp, level: 9,
  })); // prettier-ignore
}).flat();

function play() {
  const session = createSession();
  const frames = framesOf([createAgent(0), createAgent(1)], records, UNTIL_MS).toSorted((a, b) => a.atMs - b.atMs);
  for (const { bytes, atMs } of frames) {
    session.frame(bytes, START_MS + atMs);
    session.tick(START_MS + atMs);
  }
  return session;
}

test('a word of a filter leaves the rows that pass there, and no others', () => {
  const session = play();
  const left = (filter: string): string[] => {
    session.choose({ filter });
    return [...rowsOf(session, START_MS + UNTIL_MS).keys()].toSorted();
  };
  const all = rowsOf(session, START_MS + UNTIL_MS);
  expect(all.size).toBe(4);
  const passing = (hop: (of: { node: string; device: string; at: number }) => boolean): string[] =>
    [...all].filter(([, { shape }]) => shape.hops.some(({ node, device }, at) => hop({ node, device, at }))).map(([name]) => name).toSorted(); // prettier-ignore
  for (const device of ['veth0', 'veth1', 'cni0']) {
    const expected = passing((hop) => hop.device === device);
    expect([device, left(`device:${device}`)]).toEqual([device, expected]);
  }
  expect(left('device:veth0')).toHaveLength(3);
  expect(left('node:n1')).toHaveLength(4);
  const [first] = all.values();
  expect(left(`host ${first.shape.source}`)).toHaveLength(2);
  expect(left(`src host ${first.shape.destination}`)).toEqual([]);
});
