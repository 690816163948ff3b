import { describe, expect, it } from 'vitest';
import { createAssembler } from '../paths/assemble.ts';
import { Ifindex, createAgent, framesOf, podFlow, podToPod, type Written } from '../paths/synthetic.ts';
import { Direction, Kind } from '../paths/words.ts';
import { createLosses, drawLosses } from './losses.ts';

const flow = podFlow(0, 0, 1, 0, 17);
const base = { flow, kind: Kind.udp, level: 30 };
const along = (identity: number, hops: number): Written[] =>
  podToPod(0, 0, 1, 0).slice(0, hops).map((hop, i) => ({ ...base, ...hop, identity: [identity, 7], timeNs: 1e9 + i * 1000 })); // prettier-ignore
const dropped = (identity: number, node: number, ifindex: number, direction: number): Written => ({
  ...base, node, ifindex, direction, drop: 1, identity: [identity, 7], timeNs: 1.001e9,
}); // prettier-ignore

function lossesOf(records: Written[]) {
  const losses = createLosses();
  const assembler = createAssembler((view) => losses.add(view));
  const agents = [createAgent(0), createAgent(1)];
  const place = { reason: 'NETFILTER_DROP', symbol: 'nft_do_chain', hook: 'forward', stack: [] };
  for (const agent of agents) {
    for (const { bytes } of [agent.hello(0), agent.message(0, { type: 'places', timeNs: 0, places: [place] })]) {
      assembler.push(bytes, 0);
    }
  }
  const frames = framesOf(agents, records, 9000).toSorted((a, b) => a.atMs - b.atMs);
  for (const { bytes, atMs } of frames) {
    assembler.push(bytes, atMs);
    assembler.advance(atMs);
  }
  return losses.list();
}

describe('losses', () => {
  it('are counted by what became of the packets, most frequent first', () => {
    const losses = lossesOf([
      ...along(9, 8),
      ...along(1, 4),
      ...along(2, 2), dropped(2, 0, Ifindex.cni0, Direction.drop),
      ...along(3, 2), dropped(3, 0, Ifindex.cni0, Direction.drop),
      ...along(4, 8), dropped(4, 1, Ifindex.pods, Direction.dropInPod),
    ]); // prettier-ignore
    expect(losses.map(({ count, text }) => `${count} ${text}`)).toEqual([
      '2 dropped at n1 cni0 in the forward hook: NETFILTER_DROP (nft_do_chain)',
      '1 dropped in the pod behind n2 veth0 in the forward hook: NETFILTER_DROP (nft_do_chain)',
      '1 vanished behind n1 eth0',
    ]);
    expect(losses[0].ends).toBe(`${flow.source} ▶ ${flow.destination}  udp`);
  });

  it('are a line each, cut where the terminal ends; the most frequent is explained', () => {
    const [loss] = lossesOf([...along(9, 8), ...along(1, 4)]);
    const line = ` 1 × vanished behind n1 eth0  ${loss.ends}`;
    expect(drawLosses([loss, loss], 300)).toEqual([
      line,
      `   ${loss.words.means}`,
      `   Look at: ${loss.words.look}`,
      line,
    ]);
    expect(loss.words.look).toContain('underlay');
    for (const line of drawLosses([loss], 20)) expect(line.length).toBeLessThanOrEqual(20);
  });
});
