import { describe, expect, it } from 'vitest';
import type { Device, DropPlace } from '../wire/messages.ts';
import { createAssembler } from './assemble.ts';
import { toJson, type JsonPath } from './json.ts';
import {
  Ifindex,
  createAgent,
  flannelDevices,
  framesOf,
  podFlow,
  podToPod,
  type Hop,
  type Written,
} from './synthetic.ts';
import { Direction, Kind } from './words.ts';

const places: DropPlace[] = [
  { reason: 'NETFILTER_DROP', symbol: 'nft_do_chain', hook: 'forward', stack: [] },
  { reason: 'SOCKET_RCVBUFF', symbol: '__udp_enqueue_schedule_skb', hook: null, stack: [] },
  { reason: 'NO_SOCKET', symbol: 'ping_rcv', hook: null, stack: [] },
  { reason: 'SOCKET_FILTER', symbol: 'raw_rcv', hook: null, stack: [] },
  { reason: 'QUEUE_PURGE', symbol: 'sk_stream_kill_queues', hook: null, stack: [] },
  { reason: 'NOT_SPECIFIED', symbol: 'skb_release_data', hook: null, stack: [] },
];
const [NETFILTER, RCVBUFF, PING, OTHER_PING, CLOSED, PART] = [1, 2, 3, 4, 5, 6];

const way = podToPod(0, 0, 1, 0);
const flow = podFlow(0, 0, 1, 0);
const along = (hops: Hop[], identity: number, timeNs = 1e9): Written[] =>
  hops.map((hop, i) => ({
    ...hop,
    timeNs: timeNs + i * 1000,
    identity: [identity, 7],
    flow,
    kind: Kind.udp,
    level: 30,
  }));

interface Dropped {
  node: number;
  ifindex: number;
  drop: number;
  inPod?: boolean;
  timeNs?: number;
}

const dropped = (identity: number, { node, ifindex, drop, inPod, timeNs = 1.001e9 }: Dropped): Written => ({
  node, ifindex, drop, timeNs, direction: inPod ? Direction.dropInPod : Direction.drop,
  identity: [identity, 7], flow, kind: Kind.udp, level: 30,
}); // prettier-ignore

function play(records: Written[], receiver = flannelDevices(1)) {
  const paths: JsonPath[] = [];
  const agents = [createAgent(0), createAgent(1, receiver)];
  const assembler = createAssembler((view) => paths.push(toJson(view)));
  const placed = agents.map((agent) => ({ hello: agent.hello(0), places: agent.message(0, { type: 'places', timeNs: 0, places }) })); // prettier-ignore
  for (const { hello, places: told } of placed) for (const { bytes } of [hello, told]) assembler.push(bytes, 0);
  const frames = framesOf(agents, records, 9000).toSorted((a, b) => a.atMs - b.atMs);
  let next = 0;
  for (let nowMs = 0; nowMs <= 9000; nowMs += 50) {
    for (; next < frames.length && frames[next].atMs <= nowMs; next++) assembler.push(frames[next].bytes, nowMs);
    assembler.advance(nowMs);
  }
  return { paths, summary: assembler.summary() };
}

describe('a drop that the kernel tells of', () => {
  it('ends the path with its place and reason', () => {
    const { paths, summary } = play([...along(way.slice(0, 2), 1), dropped(1, { node: 0, ifindex: Ifindex.cni0, drop: NETFILTER })]); // prettier-ignore
    expect(paths).toMatchObject([
      {
        verdict: 'dropped', hops: [{ device: 'veth0' }, { device: 'cni0' }],
        drop: { reason: 'NETFILTER_DROP', symbol: 'nft_do_chain', hook: 'forward', node: 'n1', device: 'cni0', inPod: false },
      },
    ]); // prettier-ignore
    expect(summary).toMatchObject({ sampled: 1, joined: 0, lostByNetwork: { dropped: 1, vanished: 0 }, undecided: 0 });
  });

  it('ends it also when a neighbour was waited for', () => {
    const { paths } = play([...along(way.slice(0, 6), 1), dropped(1, { node: 1, ifindex: Ifindex.cni0, drop: NETFILTER, timeNs: 4.1e9 })]); // prettier-ignore
    expect(paths).toMatchObject([{ verdict: 'dropped', drop: { node: 'n2', device: 'cni0' } }]);
    expect(paths[0].hops).toHaveLength(6);
  });

  it('without a reason only where the packet is known to be lost: parts of a merged one are freed when it was read', () => {
    const lost = along(way.slice(0, 5), 1);
    const freed = dropped(1, { node: 1, ifindex: Ifindex.eth0, drop: PART, timeNs: 1.01e9 });
    expect(play([...lost, freed]).paths).toMatchObject([
      { verdict: 'dropped', drop: { symbol: 'skb_release_data', device: 'eth0' } },
    ]);
    // Not every hop had to write this one.
    const { paths, summary } = play([...lost, freed].map((record) => ({ ...record, level: 0, exponent: 1 })));
    expect(paths).toMatchObject([{ verdict: 'unseen', drop: null }]);
    expect(summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
    // And of this one no hop had to write anything.
    expect(play([freed]).summary).toMatchObject({ sampled: 0, lostByNetwork: { dropped: 0, vanished: 0 } });
  });

  it('with a reason is believed before one without, whichever came first', () => {
    const freed = dropped(1, { node: 0, ifindex: Ifindex.cni0, drop: PART, timeNs: 1.005e9 });
    const { paths } = play([...along(way.slice(0, 2), 1), freed, dropped(1, { node: 0, ifindex: Ifindex.cni0, drop: NETFILTER, timeNs: 1.01e9 })]); // prettier-ignore
    expect(paths).toMatchObject([{ verdict: 'dropped', drop: { reason: 'NETFILTER_DROP' } }]);
  });

  it('on the next node before its first hop is there', () => {
    const { paths } = play([...along(way.slice(0, 4), 1), dropped(1, { node: 1, ifindex: Ifindex.eth0, drop: NETFILTER })]); // prettier-ignore
    expect(paths).toMatchObject([{ verdict: 'dropped', drop: { node: 'n2', device: 'eth0' } }]);
    expect(paths[0].hops).toHaveLength(4);
  });

  it('before any hop has no hops, and the addresses all the same', () => {
    const { paths } = play([...along(way, 9), dropped(1, { node: 0, ifindex: Ifindex.pods, drop: NETFILTER, inPod: true, timeNs: 2e9 })]); // prettier-ignore
    expect(paths[1]).toMatchObject({
      verdict: 'dropped', hops: [], segments: [], totalNs: null, drop: { inPod: true, device: 'veth0' },
      source: { ip: flow.source, node: 'n1' }, destination: { ip: flow.destination, node: null },
    }); // prettier-ignore
  });

  it('in the pod counts where the receiver lost something', () => {
    const inPod = { node: 1, ifindex: Ifindex.pods, inPod: true };
    const { paths, summary } = play([
      ...along(way, 1), dropped(1, { ...inPod, drop: RCVBUFF }),
      ...along(way, 2, 1.1e9), dropped(2, { ...inPod, drop: PING, timeNs: 1.2e9 }),
      ...along(way, 3, 1.3e9), dropped(3, { ...inPod, drop: OTHER_PING, timeNs: 1.4e9 }),
      ...along(way, 4, 1.5e9), dropped(4, { ...inPod, drop: CLOSED, timeNs: 1.6e9 }),
    ]); // prettier-ignore
    expect(paths.map(({ verdict, drop }) => [verdict, drop?.reason])).toEqual([
      ['dropped', 'SOCKET_RCVBUFF'],
      ['delivered', undefined],
      ['delivered', undefined],
      ['delivered', undefined],
    ]);
    expect(summary).toMatchObject({ joined: 4, lostByNetwork: { dropped: 1, vanished: 0 } });
  });

  it('by whom it was handed to, and in the pod, counts where it was handed over before the pod', () => {
    const receiver = flannelDevices(1);
    receiver[0].foreignPrograms.ingress = 1;
    const reply = along(podToPod(1, 0, 0, 0), 9, 0.9e9).map((record) => ({ ...record, flow: podFlow(1, 0, 0, 0) }));
    const { paths, summary } = play([
      ...reply, ...along(way.slice(0, 5), 1), dropped(1, { node: 1, ifindex: Ifindex.eth0, drop: NETFILTER }),
      ...along(way.slice(0, 5), 2), dropped(2, { node: 1, ifindex: Ifindex.pods, drop: RCVBUFF, inPod: true }),
      ...along(way.slice(0, 5), 3),
    ], receiver); // prettier-ignore
    expect(paths.slice(1).map(({ verdict }) => verdict)).toEqual(['dropped', 'dropped', 'handed']);
    expect(summary.lostByNetwork).toEqual({ dropped: 2, vanished: 0 });
  });

  it('says nothing of a packet that a later hop saw, nor of another pod', () => {
    const { paths } = play([
      ...along(way, 1), dropped(1, { node: 0, ifindex: Ifindex.cni0, drop: NETFILTER, timeNs: 1e9 + 1500 }),
      ...along(way, 2), dropped(2, { node: 1, ifindex: Ifindex.pods + 1, drop: RCVBUFF, inPod: true }),
    ]); // prettier-ignore
    expect(paths.map(({ verdict }) => verdict)).toEqual(['delivered', 'delivered']);
  });

  it('without a device counts behind a last hop, and is nobody’s otherwise', () => {
    const nowhere = { node: 1, ifindex: 0, drop: RCVBUFF };
    const { paths, summary } = play([
      ...along(way, 1), dropped(1, nowhere), dropped(2, nowhere),
      ...along(way.slice(0, 4), 3), dropped(3, { ...nowhere, node: 0 }),
    ]); // prettier-ignore
    expect(paths.map(({ verdict, drop }) => [verdict, drop?.node, drop?.device])).toEqual([
      ['dropped', 'n2', 'veth0'],
      ['vanished', undefined, undefined],
    ]);
    expect(summary).toMatchObject({ sampled: 2, lostByNetwork: { dropped: 1, vanished: 1 } });
  });

  it('ends one of two packets that look alike', () => {
    const { paths, summary } = play([
      ...along(way.slice(0, 2), 1), ...along(way.slice(0, 2), 1, 1.01e9),
      dropped(1, { node: 0, ifindex: Ifindex.cni0, drop: NETFILTER, timeNs: 1.1e9 }),
      dropped(1, { node: 0, ifindex: Ifindex.cni0, drop: NETFILTER, timeNs: 1.2e9 }),
    ]); // prettier-ignore
    expect(paths.map(({ verdict }) => verdict)).toEqual(['dropped', 'dropped']);
    expect(summary.lostByNetwork.dropped).toBe(2);
  });

  it('has an unknown reason where the place was not told', () => {
    const { paths } = play([...along(way.slice(0, 2), 1), dropped(1, { node: 0, ifindex: Ifindex.cni0, drop: 0 })]);
    expect(paths[0]).toMatchObject({ verdict: 'dropped', drop: { reason: 'unknown', symbol: '', hook: null } });
  });
});

describe('a packet that vanished on the wire', () => {
  const receiver = (xdp?: 'native'): Device[] =>
    flannelDevices(1).map((device) => (device.name === 'eth0' && xdp ? { ...device, xdp } : device));
  const sent = [...along(way, 9), ...along(way.slice(0, 4), 1)];

  it('may have met an XDP program where it should have come next', () => {
    const { paths } = play(sent, receiver('native'));
    expect(paths[1]).toMatchObject({
      verdict: 'vanished',
      drop: null,
      xdp: { node: 'n2', device: 'eth0', mode: 'native' },
    });
  });

  it('did not where there is none', () => {
    expect(play(sent, receiver()).paths[1]).toMatchObject({ verdict: 'vanished', xdp: null });
  });
});
