import { describe, expect, it } from 'vitest';
import { framesOf, podAddress, podFlow, podToPod, type Written } from './synthetic.ts';
import { agentsOf, along, play } from './testing.ts';
import { Kind } from './words.ts';

describe('identities that repeat', () => {
  const way = podToPod(0, 0, 1, 0);
  const flow = podFlow(0, 0, 1, 0);

  it('join in order where every hop saw as many', () => {
    const records = [...along(way, 1, 1e9, flow), ...along(way, 1, 1.05e9, flow)];
    const { paths, summary } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(paths.map((path) => path.hops.length)).toEqual([8, 8]);
    expect(paths.every((path) => path.segments[0].durationNs === 1000 && !path.ambiguous)).toBe(true);
    expect(summary).toMatchObject({ sampled: 1, joined: 1, ambiguous: 0 });
  });

  it('are ambiguous where the second was sent before the first had surely arrived', () => {
    // As many at every hop; but if the first was lost and the second doubled, it looks the same.
    const [sent, received] = [way.slice(0, 4), way.slice(4)];
    const records = [
      ...[1e9, 1.2e9].flatMap((atNs) => along(sent, 1, atNs, flow)),
      ...[1.2002e9, 1.2003e9].flatMap((atNs) => along(received, 1, atNs, flow)),
    ];
    const { paths, summary } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(paths.map((path) => path.ambiguous)).toEqual([true]);
    expect(summary).toMatchObject({ sampled: 1, joined: 0, ambiguous: 1, joinable: 0 });
  });

  it('join in order on one node, whose clock tells, however close they are', () => {
    const local = podToPod(0, 0, 0, 1);
    const records = [1e9, 1.000005e9].flatMap((atNs) => along(local, 1, atNs, podFlow(0, 0, 0, 1)));
    const { paths } = play(framesOf(agentsOf(1), records, 3000), 3000);
    expect(paths.map((path) => [path.totalNs, path.ambiguous])).toEqual([[1000, false], [1000, false]]); // prettier-ignore
  });

  it('are ambiguous where one was lost', () => {
    const records = [...along(way, 1, 1e9, flow), ...along(way.slice(0, 4), 1, 1.0005e9, flow)];
    const { paths, summary } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(paths.map((path) => path.ambiguous)).toEqual([true]);
    expect(summary).toMatchObject({ sampled: 1, joined: 0, ambiguous: 1, joinable: 0 });
    expect(summary.lostByNetwork.vanished).toBe(0);
  });

  it('are ambiguous where a longer packet sent the byte again, which was too long to write it', () => {
    // Without timestamps: 200 bytes are lost, sent again among 400, and come out in segments of 100.
    const [sent, received] = [way.slice(0, 4), way.slice(4)];
    const tcp = { kind: Kind.mark, context: 5 };
    const lost = along(sent, 0x1080, 1e9, flow, { ...tcp, level: 7, mark: 0x1080, sequence: 0x1060, payload: 200 });
    const again = along(sent, 0x1100, 1.2e9, flow, { ...tcp, level: 8, mark: 0x1100, sequence: 0x1060, payload: 400 });
    const segment = { ...tcp, sequence: 0x1060, payload: 100, mark: 0x1080, level: 7 };
    const arrived = along(received, 0x1080, 1.2002e9, flow, segment);
    const first = (records: Written[]) => play(framesOf(agentsOf(2), records, 9000), 9000).paths.find(({ identity }) => identity.endsWith('1080'))!; // prettier-ignore
    expect(first([...lost, ...again, ...arrived]).ambiguous).toBe(true);
    expect(first([...lost, ...arrived])).toMatchObject({ ambiguous: false, verdict: 'delivered' });
  });

  it('are told apart by the client that sent them', () => {
    const other = { ...podToPod(0, 1, 1, 0)[0] };
    const records = [
      ...along(way, 1, 1e9, flow),
      ...along([other, ...way.slice(1)], 1, 1.0000005e9, podFlow(0, 1, 1, 0)),
    ];
    const { paths, summary } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(paths.map((path) => path.source.ip).sort()).toEqual([podAddress(0, 0), podAddress(0, 1)]);
    for (const path of paths) expect(new Set(path.hops.map((hop) => hop.source))).toEqual(new Set([path.source.ip]));
    expect(summary.ambiguous).toBe(0);
  });

  it('are two packets beyond the join window', () => {
    const records = [...along(way, 1, 1e9, flow), ...along(way, 1, 2.2e9, flow)];
    const { summary } = play(framesOf(agentsOf(2), records, 5000), 5000);
    expect(summary).toMatchObject({ sampled: 2, joined: 2, ambiguous: 0 });
  });
});
