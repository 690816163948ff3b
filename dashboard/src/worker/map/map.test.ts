import { describe, expect, test } from 'vitest';
import { unnamed } from '../../../../agent/names/name.ts';
import type { Standing } from '../../../../agent/insight/standings.ts';
import { itemsOf } from '../../lib/map-items.ts';
import { createMap, type Mapping } from './map.ts';
import { standingKey } from './compare.ts';
import { flannel, hop, layRows, pod, type Laid } from './rows.ts';
import type { MapFrame, MapView } from './view.ts';

const mapping = ({ rows, window }: Laid, more: Partial<Mapping> = {}): Mapping => ({
  rows, window, seconds: 10, nodes: ['n1', 'n2'].map((name) => ({ name, state: 'up' })), standings: new Map(), filter: '',
  finest: 'pod', ageMs: 60_000, ...more,
}); // prettier-ignore

const drawMap = (laid: Laid, more?: Partial<Mapping>): MapView => createMap()(mapping(laid, more));

const groups = ({ groups: all }: MapFrame): string[] => all.map(({ slot, label }) => `${slot} ${label}`).sort();
const devices = ({ devices: all }: MapFrame): string[] =>
  all.map(({ name, column, place }) => `${column}.${place} ${name}`).sort();
const link = ({ links }: MapView, from: string, to: string) =>
  links.find((one) => [one.from, one.to].sort().join() === [from, to].sort().join())!;

describe('a map of two nodes', () => {
  const laid = layRows();
  laid.add({ hops: flannel('n1', 'vethweb', 'n2', 'vethapi'), source: '10.1.0.2', destination: '10.2.0.2' });
  laid.add({ hops: flannel('n2', 'vethapi', 'n1', 'vethweb'), source: '10.2.0.2', destination: '10.1.0.2' }, { packets: 50 }); // prettier-ignore
  laid.add({ hops: flannel('n1', 'vethweb', 'n1', 'vethdb'), source: '10.1.0.2', destination: '10.1.0.3' });
  const map = drawMap(laid);

  test('has frames with pods and devices in the order of leaving packets, seen from whichever direction', () => {
    expect(map.frames.map(({ node }) => node)).toEqual(['n1', 'n2']);
    expect(map.frames.map(groups)).toEqual([['0 10.1.0.2', '1 10.1.0.3'], ['0 10.2.0.2']]);
    expect(map.frames.map(devices)).toEqual(Array(2).fill(['0.0 cni0', '2.0 flannel.1', '3.0 eth0']));
    expect(map.frames[0].groups.map(({ device }) => device).sort()).toEqual(['vethdb', 'vethweb']);
  });

  test('sums both directions of a link, and knows what is in the tunnel', () => {
    expect(link(map, 'n1//eth0', 'n2//eth0')).toMatchObject({
      packets: 150, bytesPerSecond: 15_000, isWire: true, isTunnel: true, boundNs: 10, words: ['node:n1', 'node:n2'],
    }); // prettier-ignore
    expect(link(map, 'n1/10.1.0.2', 'n1//cni0')).toMatchObject({
      packets: 250, isWire: false, isTunnel: false, words: ['node:n1', 'device:cni0', 'host 10.1.0.2'],
    }); // prettier-ignore
    expect(link(map, 'n1//eth0', 'n2//eth0').p50Ns).toBeCloseTo(1000, -2);
  });

  test('says nothing against normal without a normal, and who became slow with one', () => {
    expect(link(map, 'n1//eth0', 'n2//eth0')).toMatchObject({ compared: 0, slow: 0 });
    const standing = (lane: string, isSlow: boolean) =>
      [standingKey(lane, 3), { lane, segment: 3, isSlow, isShared: false, quantile: 0.5, nowNs: isSlow ? 8000 : 900, normalNs: 1000 }] as const; // prettier-ignore
    const compared = drawMap(laid, { standings: new Map([standing('row 1', true), standing('row 2', false)]) });
    expect(link(compared, 'n1//eth0', 'n2//eth0')).toMatchObject({
      compared: 150,
      slow: 100,
      times: 8,
      slowTo: ['n2//eth0'],
    });
    expect(link(compared, 'n1//eth0', 'n1//flannel.1')).toMatchObject({ compared: 0 });
  });

  test('says which way a wire is slow, and where clocks do not tell of the other', () => {
    const describeWire = (there: Partial<Standing>, back: Partial<Standing>): string => {
      const normal = { segment: 3, isSlow: false, isShared: false, quantile: 0.5, nowNs: 8000, normalNs: 1000 };
      const standings = new Map([['row 1', there], ['row 2', back]].map(([lane, more]) =>
        [standingKey(lane as string, 3), { ...normal, lane: lane as string, ...(more as Partial<Standing>) }] as const)); // prettier-ignore
      const view = drawMap(laid, { standings });
      return itemsOf(view)
        .find(({ id }) => id === link(view, 'n1//eth0', 'n2//eth0').id)!
        .describe();
    };
    const slow = '8 times its normal for';
    expect(describeWire({ isSlow: true }, {})).toMatch(`${slow} 66.66 % of the packets, towards n2 eth0 alone`);
    expect(describeWire({ isSlow: true }, {})).not.toContain('clocks');
    expect(describeWire({}, { isSlow: true })).toMatch(`${slow} 33.33 % of the packets, towards n1 eth0 alone`);
    expect(describeWire({ isSlow: true }, { isSlow: true })).toMatch(`${slow} 100 % of the packets, both ways`);
    expect(describeWire({ isSlow: true }, { isShared: true })).toMatch(
      /towards n2 eth0 alone; of the way back clocks do not tell/,
    );
    expect(describeWire({}, { isShared: true })).toMatch(/clocks give it a share of what the other way takes longer/);
  });
});

describe('what is not a packet from pod to pod', () => {
  test('comes from outside, or from the node itself, over a stretch that nobody sees', () => {
    const laid = layRows();
    laid.add({ hops: [hop('n1', 'eth0', 'uplink', 'ingress'), hop('n1', 'vethweb', 'pod', 'egress')], source: '8.8.8.8' });
    laid.add({ hops: [hop('n1', 'cni0', 'bridge', 'egress'), hop('n1', 'vethweb', 'pod', 'egress')], source: '10.1.0.1' });
    const map = drawMap(laid, { nodes: [{ name: 'n1', state: 'up' }] });
    expect(map.frames.map(({ node, state }) => `${node} ${state}`)).toEqual(['n1 up', ' unseen']);
    expect(link(map, '/8.8.8.8', 'n1//eth0')).toMatchObject({ isSeen: false, isWire: true });
    expect(link(map, 'n1/host', 'n1//cni0')).toMatchObject({ isSeen: false, isWire: false });
    expect(link(map, 'n1//eth0', 'n1/10.0.1.1')).toMatchObject({ isSeen: true });
  }); // prettier-ignore

  test('ends where it was lost, with the reason', () => {
    const laid = layRows();
    const loss = 'dropped at n1 cni0 in the forward hook: NETFILTER_DROP';
    laid.add({ hops: flannel('n1', 'vethweb', 'n2', 'vethapi').slice(0, 2), isLost: true, verdict: 'dropped', loss });
    const map = drawMap(laid);
    expect(map.losses).toMatchObject([
      { at: 'n1//cni0', isOutward: true, count: 100, texts: [loss], words: ['node:n1', 'device:cni0', 'verdict:dropped'] },
    ]);
    expect(map.links).toHaveLength(1);
  }); // prettier-ignore

  test('is translated where its addresses change, by the name of the Service', () => {
    const laid = layRows();
    const hops = flannel('n1', 'vethweb', 'n2', 'vethapi').map((one, at) => ({ ...one, destination: at < 2 ? '10.96.0.1:80' : '10.2.0.2:8080' })); // prettier-ignore
    const service = { id: 1, kind: 'service', name: 'api', namespace: 'demo', workload: null, node: null, port: 80 } as const; // prettier-ignore
    laid.add({ hops, ends: { ...unnamed(), addressed: service } });
    laid.add({ hops });
    const map = drawMap(laid);
    expect(link(map, 'n1//cni0', 'n1//flannel.1').nat).toEqual(['NAT to 10.2.0.2:8080', 'service demo/api:80']);
    expect(map.links.filter(({ nat }) => nat.length > 0)).toHaveLength(1);
  });
});

test('fifty nodes of four hundred pods are as many lines as there is room for, and every pod is in one', () => {
  const laid = layRows();
  const nodes = Array.from({ length: 50 }, (_, node) => `n${node + 1}`);
  const name = (node: number, number: number) => pod(`ns${number % 4}`, `w${number % 40}`, number, nodes[node]);
  for (let at = 0; at < 50 * 400; at++) {
    const [from, to, number] = [at % 50, (at * 7 + 1) % 50, Math.floor(at / 50)];
    const hops = flannel(nodes[from], `veth${number}`, nodes[to], 'vethapi');
    const ends = { ...unnamed(), source: name(from, number), destination: name(to, 0) };
    laid.add({ hops, source: `10.${from}.0.${number}`, ends }, { packets: 0 });
  }
  const map = drawMap(laid, { nodes: nodes.map((one) => ({ name: one, state: 'up' })) });
  expect(map.frames).toHaveLength(50);
  for (const { level, groups: all } of map.frames) {
    expect(level).toBe('node');
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(400);
  }
  // What somebody searches for is shown as fine as it fits.
  const few = laid.rows.filter(({ shape }) => shape.ends.source?.name === 'w7-7' && shape.hops[0].node === 'n3');
  const narrowed = drawMap({ ...laid, rows: few }, { filter: 'pod:ns3/w7-7 node:n3' });
  expect(narrowed.frames.some(({ groups: all }) => all.some(({ label }) => label === 'w7-7'))).toBe(true);
});
