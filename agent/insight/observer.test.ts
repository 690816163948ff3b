/** From frames to the sentence: through the same assembler as everybody's. */
import { describe, expect, test } from 'vitest';
import { createAssembler } from '../paths/assemble.ts';
import { createAgent, framesOf, podAddress, type Written } from '../paths/synthetic.ts';
import { Kind } from '../paths/words.ts';
import type { Names } from '../wire/messages.ts';
import type { Insight } from './explain.ts';
import { createObserver } from './observer.ts';
import { pings, UNTIL, type Fault } from './pings.ts';
import { lineOf, sentenceOf } from './sentence.ts';
import type { Standing } from './standings.ts';

const clock = (ms: number): string => `${ms / 1000} s`;

/** What is said in the end. */
const said = (fault: Fault, names?: Names): string => lineOf(sentenceOf(observed(fault, names)[0], clock));

function observed(fault: Fault, names?: Names, maxLanes?: number): [Insight, Standing[]] {
  const observer = createObserver(0, maxLanes);
  const assembler = createAssembler((view) => observer.see(view, 'row'));
  const agents = [createAgent(0), createAgent(1)];
  const told = names ? [agents[0].message(1, { type: 'names', timeNs: 0, writtenMs: 1, ...names })] : [];
  const frames = [...told, ...framesOf(agents, pings(fault), (UNTIL + 1) * 1000)];
  frames.sort((a, b) => a.atMs - b.atMs);
  const nodes = ['n1', 'n2'].map((name) => ({ name, isUp: true, sinceMs: 0 }));
  let tickMs = 1000;
  for (const { bytes, atMs } of frames) {
    assembler.push(bytes, atMs);
    if (atMs < tickMs) continue;
    assembler.advance(atMs);
    observer.turn(atMs, assembler.summary(), nodes);
    tickMs += 1000;
  }
  return [observer.turn(tickMs, assembler.summary(), nodes), observer.standings()];
}

test('every segment stands against its own normal, and a slow one out', () => {
  const slow: Fault = (records, { from }) =>
    records.map((record, hop) => (from === 0 && hop === 7 ? { ...record, timeNs: record.timeNs + 4e6 } : record));
  const [, standings] = observed(slow);
  // Seven segments each way.
  expect(standings).toHaveLength(14);
  expect(standings.filter(({ isSlow }) => isSlow)).toHaveLength(1);
  for (const { isSlow, segment, nowNs, normalNs } of standings) {
    expect([isSlow, segment]).toEqual([isSlow, isSlow ? 6 : segment]);
    expect(nowNs / normalNs > 100).toBe(isSlow);
  }
});

describe('frames become the sentence', () => {
  test('of healthy traffic', () => {
    expect(said((records) => records)).toMatch(
      /^Nothing stands out · 2 of 2 paths compared · \d+ packets in 10 s against 60 s before · 100 % joined$/,
    );
  });

  test('of traffic on more paths than are watched', () => {
    const [insight] = observed((records) => records, undefined, 1);
    expect(lineOf(sentenceOf(insight, clock))).toMatch(
      /^Nothing stands out · 1 of 1 paths compared · .* · 50(\.\d+)? % of the packets on paths too many to be watched$/,
    );
  });

  test('of a wire that became slow', () => {
    const late = said((records, { from }) =>
      records.map((record, hop) => (from === 0 && hop >= 4 ? { ...record, timeNs: record.timeNs + 8e6 } : record)),
    );
    expect(late).toMatch(
      /^wire n1 ▸ n2 slow since 5[789] s · p50 \d[.\d]* ms \(was .* µs, change ±.*\) · 1 of 2 paths$/,
    );
  });

  test('of one path, by the names of its pods where they have some', () => {
    const web = { name: 'web-1', namespace: 'shop', addresses: [podAddress(0, 0)] };
    const slow: Fault = (records, { from }) =>
      records.map((record, hop) => (from === 0 ? { ...record, timeNs: record.timeNs + hop * 2e6 } : record));
    expect(said(slow)).toContain('10.244.1.2');
    expect(said(slow, { pods: [web], services: [], nodes: [] })).toContain('shop/web-1');
  });

  test('of packets that vanish on it', () => {
    const lost = said((records, { from, number }) => (from === 1 && number % 3 === 0 ? records.slice(0, 4) : records));
    expect(lost).toMatch(/^loss: wire n2 ▸ n1: vanished behind n2 eth0 since 5[89] s · 33.* % of the packets \(was 0\) · 1 of 2 paths$/); // prettier-ignore
  });

  test('of an encapsulation that cuts its packets up', () => {
    const cut = said((records, { from, number }) => [
      ...records,
      ...(from === 0 && number % 2 === 0
        ? records.slice(2).map((record): Written => ({ ...record, identity: [number + 1, 2], kind: Kind.fragment }))
        : []),
    ]);
    expect(cut).toMatch(/^n1 flannel.1 cuts packets into fragments since 5[89] s · 33.* % of the packets \(was 0\) · 1 of 2 paths$/); // prettier-ignore
  });
});
