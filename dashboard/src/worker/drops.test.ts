/** Losses through a session: pings of which some are dropped, some vanish. */
import { beforeAll, describe, expect, test } from 'vitest';
import { framesOfPings, type Sent } from '../../../agent/export/testing.ts';
import type { View } from './messages.ts';
import { createSession, type Session } from './session.ts';

const START_MS = 1.7e12;

/** One every 50 ms for ten seconds; every fourth to n2 dropped behind cni0, and one of all vanished from the wire. */
const pings: Sent[] = Array.from({ length: 200 }, (_, at) => ({
  from: at % 2,
  to: 1 - (at % 2),
  timeNs: 2e9 + at * 50e6,
  ...(at % 8 === 0 && { lostBehind: 2 }),
}));

function play(untilMs: number): Session {
  const session = createSession();
  const frames = framesOfPings(pings).map((bytes) => ({ bytes, atMs: new DataView(bytes.buffer).getUint32(20, true) }));
  let next = 0;
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 100) {
    for (; next < frames.length && frames[next].atMs <= nowMs; next++)
      session.frame(frames[next].bytes, START_MS + frames[next].atMs);
    session.tick(START_MS + nowMs);
  }
  return session;
}

describe('drops of a session', () => {
  let session: Session;
  let view: View;
  beforeAll(() => {
    session = play(20_000);
    view = session.view(START_MS + 20_000);
  });

  test('are told by place and reason, with whom they hit and an example', () => {
    expect(view.drops).toMatchObject({ hidden: 0, left: 0, pairs: 2 });
    expect(view.drops.rows).toEqual([
      {
        verdict: 'dropped', reason: 'NETFILTER_DROP', symbol: 'nft_do_chain', hook: 'forward', inPod: false, isXdp: false,
        text: 'dropped at n1 cni0 in the forward hook: NETFILTER_DROP (nft_do_chain)', node: 'n1', device: 'cni0',
        count: 25, estimated: 25, exact: NaN, pairs: 1, firstMs: expect.closeTo(START_MS + 2000, -2) as number,
        lastMs: expect.closeTo(START_MS + 11_600, -2) as number,
        example: {
          from: '10.244.1.2', to: '10.244.2.2', source: '10.244.1.2', destination: '10.244.2.2', protocol: 'icmp',
          identity: expect.stringMatching(/^[0-9a-f]{16}$/) as string, atMs: expect.any(Number) as number,
        },
      },
    ]); // prettier-ignore
  });

  test('are those of the span that is looked at', () => {
    const from = START_MS / 1000 + 4;
    session.choose({ span: { from, to: from + 2 }, axis: undefined });
    const { drops } = session.view(START_MS + 20_000);
    expect(drops.rows[0].count).toBeGreaterThanOrEqual(4);
    expect(drops.rows[0].count).toBeLessThanOrEqual(6);
    session.choose({ span: undefined, axis: undefined });
  });

  test('are chosen by the filter, by the words of their place too', () => {
    for (const [filter, rows] of [
      ['verdict:dropped node:n1 device:cni0', 1],
      ['verdict:vanished', 0],
      ['node:n9', 0],
    ] as const) {
      session.choose({ filter });
      const { drops } = session.view(START_MS + 20_000);
      expect([filter, drops.rows.length, drops.hidden]).toEqual([filter, rows, 1 - rows]);
    }
    session.choose({ filter: '' });
  });

  test('are forgotten with the seconds that are held', () => {
    for (let nowMs = 20_000; nowMs < 640_000; nowMs += 1000) session.tick(START_MS + nowMs);
    expect(session.view(START_MS + 640_000).drops.rows).toEqual([]);
  });
});
