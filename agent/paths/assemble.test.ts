import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../wire/frame.ts';
import type { Realtime } from '../wire/messages.ts';
import { createAssembler, type AssemblerOptions } from './assemble.ts';
import { toJson, type JsonPath } from './json.ts';
import {
  Ifindex, createAgent, device, flannelDevices, framesOf, nodeAddress, podAddress, podFlow, podToPod,
  type Agent, type Flow, type Frame, type Hop, type Written,
} from './synthetic.ts'; // prettier-ignore
import { Direction, Kind } from './words.ts';

const { ingress, egress } = Direction;

/** Plays frames as a viewer would get them, and returns what it says. */
function play(frames: Frame[], untilMs: number, options: Partial<AssemblerOptions> = {}) {
  const paths: JsonPath[] = [];
  const assembler = createAssembler((view) => paths.push(toJson(view)), options);
  const sorted = frames.toSorted((a, b) => a.atMs - b.atMs);
  let next = 0;
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 50) {
    for (; next < sorted.length && sorted[next].atMs <= nowMs; next++)
      assembler.push(sorted[next].bytes, sorted[next].atMs);
    assembler.advance(nowMs);
  }
  assembler.flush(untilMs);
  return { paths, summary: assembler.summary(), assembler };
}

/** Records of one packet along its hops, `stepNs` apart. */
const along = (hops: Hop[], identity: number, timeNs: number, flow: Flow, more: Partial<Written> = {}): Written[] =>
  hops.map((hop, i) => ({
    ...hop, timeNs: timeNs + i * 1000, identity: [identity, 7], flow, kind: Kind.icmp, level: 30,
    bytes: hop.encapsulation ? 148 : 98, ...more,
  })); // prettier-ignore

const agentsOf = (count: number, aheadNs: number[] = []): Agent[] =>
  Array.from({ length: count }, (_, node) => createAgent(node, flannelDevices(node), aheadNs[node] ?? 0));

const lookOf = (path: JsonPath) => path.hops.map((hop) => `${hop.node} ${hop.device} ${hop.direction}`);

describe('three pings between two nodes', () => {
  const records = [0, 1e6, 2e6].flatMap((laterNs) => [
    ...along(podToPod(0, 0, 1, 0), 1 + laterNs, 1e9 + laterNs, podFlow(0, 0, 1, 0)),
    ...along(podToPod(1, 0, 0, 0), 2 + laterNs, 1.0005e9 + laterNs, podFlow(1, 0, 0, 0)),
  ]);
  const { paths, summary } = play(framesOf(agentsOf(2, [0, 3_600e9]), records, 3000), 3000);

  it('passes 8 hops each way in order, whatever the clocks show', () => {
    expect(lookOf(paths[0])).toEqual([
      'n1 veth0 ingress', 'n1 cni0 ingress', 'n1 flannel.1 egress', 'n1 eth0 egress',
      'n2 eth0 ingress', 'n2 flannel.1 ingress', 'n2 cni0 egress', 'n2 veth0 egress',
    ]); // prettier-ignore
    expect(lookOf(paths[1])[0]).toBe('n2 veth0 ingress');
    expect(paths.map((path) => path.verdict)).toEqual(Array.from({ length: 6 }, () => 'delivered'));
  });

  it('names the segments', () => {
    const names = ['bridge', 'route', 'encap', 'wire', 'decap', 'route', 'bridge'];
    for (const path of paths) expect(path.segments.map((segment) => segment.name)).toEqual(names);
  });

  it('has segments that add up', () => {
    for (const path of paths) {
      expect(path.segments.reduce((sum, segment) => sum + segment.durationNs!, 0)).toBe(path.totalNs);
      expect(path.hops.at(-1)!.timeNs).toBe(path.totalNs);
      for (const at of [0, 1, 2, 4, 5, 6]) expect(path.segments[at]).toMatchObject({ durationNs: 1000, boundNs: 0 });
      expect(Math.abs(path.segments[3].durationNs! - 1000)).toBeLessThanOrEqual(path.segments[3].boundNs!);
    }
  });

  it('prices the tunnel', () => {
    expect(paths[0].encapsulation).toEqual({ protocol: 'vxlan', bytes: 50 });
    expect(paths[0].hops.map((hop) => hop.bytes)).toEqual([98, 98, 98, 148, 148, 98, 98, 98]);
  });

  it('is counted', () => {
    expect(summary).toMatchObject({ sampled: 6, joined: 6, joinable: 6, joinableJoined: 6, ambiguous: 0, lostByUs: 0 });
    expect(summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
    // Added to the clock that is ahead; both streams have the same epoch.
    expect(Math.abs(summary.clocks['n2'].offsetNs! + 3_600e9)).toBeLessThanOrEqual(summary.clocks['n2'].boundNs!);
    expect(summary.clocks['n1']).toEqual({ offsetNs: 0, boundNs: 0, relativeBoundNs: 0 });
  });

  it('is written as JSON with public names', () => {
    expect(paths[0]).toMatchObject({
      type: 'path', identity: '0000000700000001', protocol: 'icmp', drop: null, ambiguous: false,
      source: { ip: '10.244.1.2', port: null, pod: null, namespace: null, node: 'n1' },
      destination: { ip: '10.244.2.2', port: null, pod: null, namespace: null, node: 'n2' },
    }); // prettier-ignore
  });
});

describe('times beyond the wire', () => {
  it('are null until three packets agree in each direction', () => {
    const records = [0, 1e6].flatMap((laterNs) => [
      ...along(podToPod(0, 0, 1, 0), 1 + laterNs, 1e9 + laterNs, podFlow(0, 0, 1, 0)),
      ...along(podToPod(1, 0, 0, 0), 2 + laterNs, 1.0005e9 + laterNs, podFlow(1, 0, 0, 0)),
    ]);
    const { paths } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(paths.map((path) => path.totalNs)).toEqual([null, null, null, null]);
  });

  it('are known from packets whose copies for other sockets were dropped', () => {
    const pod = { node: 0, ifindex: Ifindex.pods, direction: Direction.dropInPod };
    const records = [0, 1e6, 2e6].flatMap((laterNs) => [
      ...along(podToPod(0, 0, 1, 0), 1 + laterNs, 1e9 + laterNs, podFlow(0, 0, 1, 0)),
      ...along([...podToPod(1, 0, 0, 0), pod, pod], 2 + laterNs, 1.0005e9 + laterNs, podFlow(1, 0, 0, 0)),
    ]);
    const { summary } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(summary.clocks['n2'].offsetNs).not.toBeNull();
  });

  it('are null while there is no traffic back', () => {
    const records = along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0));
    const { paths, summary } = play(framesOf(agentsOf(2, [0, 5e9]), records, 3000), 3000);
    expect(paths[0]).toMatchObject({ totalNs: null, boundNs: null, verdict: 'delivered' });
    expect(paths[0].hops.map((hop) => hop.timeNs)).toEqual([0, 1000, 2000, 3000, null, null, null, null]);
    expect(paths[0].segments[3]).toMatchObject({ durationNs: null, boundNs: null, relativeBoundNs: null });
    expect(paths[0].segments[4]).toMatchObject({ durationNs: 1000, boundNs: 0, relativeBoundNs: 0 });
    expect(summary.clocks['n2'].offsetNs).toBeNull();
  });

  it('are known without, where both nodes say that their CLOCK_REALTIME is kept in step', () => {
    const records = along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0));
    const aheadNs = [0, 5e9];
    const agents = agentsOf(2, aheadNs);
    const kept = agents.map((agent, node) =>
      agent.status(900, { realtime: { rawNs: 900e6 + aheadNs[node], offsetNs: -aheadNs[node], maxErrorNs: 600_000 } }),
    );
    const { paths, summary } = play([...framesOf(agents, records, 3000), ...kept], 3000);
    expect(Math.abs(paths[0].segments[3].durationNs! - 1000)).toBeLessThanOrEqual(paths[0].segments[3].boundNs!);
    expect(paths[0].segments[3].boundNs).toBeGreaterThanOrEqual(1_200_000);
    expect(summary.clocks['n2']).toMatchObject({ offsetNs: -5e9, source: 'realtime' });
  });

  it('take no notice of what is no report', () => {
    const agents = agentsOf(2);
    const kept = agents.map((agent) =>
      agent.status(900, { realtime: { rawNs: 0, offsetNs: '0', maxErrorNs: -1 } as unknown as Realtime }),
    );
    const records = along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0));
    const { paths } = play([...framesOf(agents, records, 3000), ...kept], 3000);
    expect(paths[0].totalNs).toBeNull();
  });
});

describe('other ways', () => {
  const single = (records: Written[], count = 2, devices?: Agent[]) =>
    play(framesOf(devices ?? agentsOf(count), records, 8000), 8000);

  it('stay on one node without any clock', () => {
    const { paths } = single(along(podToPod(0, 0, 0, 1), 1, 1e9, podFlow(0, 0, 0, 1)), 1);
    expect(paths[0]).toMatchObject({ totalNs: 1000, boundNs: 0, encapsulation: null, verdict: 'delivered' });
    expect(paths[0].segments.map((segment) => segment.name)).toEqual(['bridge']);
  });

  it("visit a node twice through another node's NodePort", () => {
    const way: Hop[] = [
      { node: 0, ifindex: Ifindex.pods, direction: ingress }, { node: 0, ifindex: Ifindex.cni0, direction: ingress },
      { node: 0, ifindex: Ifindex.eth0, direction: egress }, { node: 1, ifindex: Ifindex.eth0, direction: ingress },
      { node: 1, ifindex: Ifindex.flannel, direction: egress },
      { node: 1, ifindex: Ifindex.eth0, direction: egress, encapsulation: 50 },
      { node: 0, ifindex: Ifindex.eth0, direction: ingress, encapsulation: 50 },
      { node: 0, ifindex: Ifindex.flannel, direction: ingress }, { node: 0, ifindex: Ifindex.cni0, direction: egress },
      { node: 0, ifindex: Ifindex.pods + 1, direction: egress },
    ]; // prettier-ignore
    const before = podFlow(0, 0, 1, 0, 6);
    before.destination = nodeAddress(1);
    const after = { ...before, source: nodeAddress(1), destination: podAddress(0, 1) };
    const records = along(way, 1, 1e9, before).map((record, i) => (i < 4 ? record : { ...record, flow: after }));
    const { paths } = single(records);
    expect(lookOf(paths[0]).map((hop) => hop.slice(0, 2))).toEqual(way.map((hop) => `n${hop.node + 1}`));
    expect(paths[0]).toMatchObject({ verdict: 'delivered', ambiguous: false });
    expect(paths[0].source.ip).toBe(podAddress(0, 0));
    expect(paths[0].destination.ip).toBe(podAddress(0, 1));
    expect(paths[0].hops[0].destination).toBe(`${nodeAddress(1)}:80`);
  });

  it('pass uplinks that are stacked in their order, and tell of the clocks at the lowest', () => {
    const vlan = 3;
    const devices = (node: number) => [
      ...flannelDevices(node).map((each) => (each.name === 'eth0' ? { ...each, addresses: [] } : each)),
      device(vlan, 'eth0.100', 'uplink', { addresses: [nodeAddress(node)], parent: Ifindex.eth0 }),
    ];
    const stacked = (hops: Hop[]): Hop[] =>
      hops.flatMap((hop) => {
        if (hop.ifindex !== Ifindex.eth0) return [hop];
        const upper = { ...hop, ifindex: vlan };
        return hop.direction === egress ? [upper, hop] : [hop, upper];
      });
    const records = [0, 1e6, 2e6].flatMap((laterNs) => [
      ...along(stacked(podToPod(0, 0, 1, 0)), 1 + laterNs, 1e9 + laterNs, podFlow(0, 0, 1, 0)),
      ...along(stacked(podToPod(1, 0, 0, 0)), 2 + laterNs, 1.0005e9 + laterNs, podFlow(1, 0, 0, 0)),
    ]);
    const { paths, summary } = play(
      framesOf(
        [0, 1].map((node) => createAgent(node, devices(node))),
        records,
        3000,
      ),
      3000,
    );
    expect(lookOf(paths[0]).slice(2, 8)).toEqual([
      'n1 flannel.1 egress', 'n1 eth0.100 egress', 'n1 eth0 egress',
      'n2 eth0 ingress', 'n2 eth0.100 ingress', 'n2 flannel.1 ingress',
    ]); // prettier-ignore
    expect(paths[0].segments.map(({ name }) => name)).toEqual(['bridge', 'route', 'encap', 'device', 'wire', 'device', 'decap', 'route', 'bridge']); // prettier-ignore
    expect(paths[0].segments.reduce((sum, { durationNs }) => sum + durationNs!, 0)).toBe(paths[0].totalNs);
    expect(summary).toMatchObject({ joined: 6, ambiguous: 0 });
  });

  it('pass a node that only forwards before the one that keeps the packet', () => {
    const way: Hop[] = [
      { node: 0, ifindex: Ifindex.pods, direction: ingress }, { node: 0, ifindex: Ifindex.eth0, direction: egress },
      { node: 2, ifindex: Ifindex.eth0, direction: ingress }, { node: 2, ifindex: Ifindex.eth0, direction: egress },
      { node: 1, ifindex: Ifindex.eth0, direction: ingress }, { node: 1, ifindex: Ifindex.pods, direction: egress },
    ]; // prettier-ignore
    const { paths } = single(along(way, 1, 1e9, podFlow(0, 0, 1, 0)), 3);
    expect(paths[0].hops.map((hop) => hop.node)).toEqual(['n1', 'n1', 'n3', 'n3', 'n2', 'n2']);
  });

  it('ignore a node that a switch flooded the frame to', () => {
    const stray: Hop = { node: 2, ifindex: Ifindex.eth0, direction: ingress, encapsulation: 50 };
    const records = along([...podToPod(0, 0, 1, 0), stray], 1, 1e9, podFlow(0, 0, 1, 0));
    const { paths } = single(records, 3);
    expect(paths).toHaveLength(1);
    expect(paths[0].hops).toHaveLength(8);
    expect(paths[0].ambiguous).toBe(false);
  });

  it('end at the pod that has the address when a bridge floods', () => {
    const flood: Hop = { node: 1, ifindex: Ifindex.pods + 1, direction: egress };
    const request = along([...podToPod(0, 0, 1, 0), flood], 1, 1e9, podFlow(0, 0, 1, 0));
    const reply = along(podToPod(1, 0, 0, 0), 2, 1.001e9, podFlow(1, 0, 0, 0));
    const { paths } = single([...request, ...reply]);
    expect(lookOf(paths[0]).at(-1)).toBe('n2 veth0 egress');
    expect(paths[0].hops).toHaveLength(8);
    const unknown = single(request);
    expect(unknown.paths[0]).toMatchObject({ verdict: 'unseen', ambiguous: false });
    expect(lookOf(unknown.paths[0]).at(-1)).toBe('n2 cni0 egress');
    expect(unknown.summary.lostByNetwork.vanished).toBe(0);
  });

  describe("where somebody else's program sits at the way in", () => {
    const foreign = flannelDevices(1);
    foreign[0] = device(Ifindex.eth0, 'eth0', 'uplink', { foreignPrograms: { ingress: 1, egress: 0 } });
    const cut = along(podToPod(0, 0, 1, 0).slice(0, 5), 1, 3e9, podFlow(0, 0, 1, 0));
    const reply = along(podToPod(1, 0, 0, 0), 2, 0.9e9, podFlow(1, 0, 0, 0));
    const whole = along(podToPod(0, 0, 1, 1), 3, 1e9, podFlow(0, 0, 1, 1));
    const see = (records: Written[]) => {
      const { paths, summary } = single(records, 2, [createAgent(0), createAgent(1, foreign)]);
      return { verdict: paths.find((path) => path.identity.endsWith('1'))!.verdict, summary };
    };

    it('are handed past us by it', () => {
      const { verdict, summary } = see([...cut, ...reply]);
      expect(verdict).toBe('handed');
      expect(summary).toMatchObject({ joined: 2, undecided: 0 });
    });

    it('are not where it lets others on to their pods in our sight', () => {
      const { verdict, summary } = see([...cut, ...reply, ...whole]);
      expect(verdict).toBe('unseen');
      expect(summary).toMatchObject({ joined: 2, undecided: 1, lostByNetwork: { vanished: 0 } });
    });
  });

  it('begin and end at a node itself', () => {
    const flow = { ...podFlow(0, 0, 1, 0), source: nodeAddress(0), destination: nodeAddress(1) };
    const way = [{ node: 0, ifindex: Ifindex.eth0, direction: egress }, { node: 1, ifindex: Ifindex.eth0, direction: ingress }]; // prettier-ignore
    const { paths, summary } = single(along(way, 1, 1e9, flow));
    expect(paths[0].verdict).toBe('delivered');
    expect(summary.joined).toBe(1);
  });
});

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

describe('what does not arrive', () => {
  const flow = podFlow(0, 0, 1, 0);
  const cut = along(podToPod(0, 0, 1, 0).slice(0, 4), 1, 1e9, flow);

  it('vanished when everybody watched', () => {
    const { paths, summary } = play(framesOf(agentsOf(2), cut, 9000), 9000);
    expect(paths[0].verdict).toBe('vanished');
    expect(summary.lostByNetwork.vanished).toBe(1);
    expect(summary).toMatchObject({ joinable: 0, lostByUs: 0 });
  });

  it('is not judged before five seconds are over', () => {
    const { paths } = play(framesOf(agentsOf(2), cut, 5000), 5000);
    expect(paths).toEqual([]);
  });

  it('is lost by us when the next node was blind, lost frames or was not there', () => {
    const blind = framesOf(agentsOf(2), cut, 9000);
    const agents = agentsOf(2);
    const gap = framesOf([agents[0]], cut, 9000);
    gap.push(agents[1].hello(0), agents[1].status(900), agents[1].status(960));
    agents[1].skip();
    for (let atMs = 1400; atMs < 9000; atMs += 500) gap.push(agents[1].status(atMs));
    const absent = framesOf([agentsOf(1)[0]], cut, 9000);
    const tellBlind = createAgent(1);
    const told = [...framesOf([agentsOf(1)[0]], cut, 9000), tellBlind.hello(0)];
    for (let atMs = 500; atMs < 9000; atMs += 500) {
      told.push(
        tellBlind.status(atMs, atMs === 1500 ? { blind: [{ fromNs: 0.9e9, toNs: 1.2e9, reason: 'ring full' }] } : {}),
      );
    }
    expect(play(blind, 9000).summary).toMatchObject({ lostByUs: 0 });
    expect(play(gap, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 }, framesMissed: 1 });
    expect(play(told, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 } });
    expect(play(absent, 9000).summary).toMatchObject({ lostByNetwork: { vanished: 0 } });
  });

  it('is lost by us while what is held of the next node has not begun, though its hello came', () => {
    const [first, next] = agentsOf(2);
    const frames = [...framesOf([first], cut, 9000), next.hello(0)];
    expect(play(frames, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 } });
    next.skip();
    for (let atMs = 6000; atMs < 9000; atMs += 500) frames.push(next.status(atMs));
    expect(play(frames, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 } });
  });

  it('is unseen where the other node writes coarser marks only, or somebody else must have it', () => {
    const coarse = framesOf(agentsOf(2), cut.map((record) => ({ ...record, level: 2 })), 9000); // prettier-ignore
    const agent = createAgent(1);
    const other = [...coarse.filter((_, i) => i !== 1).slice(0, 0), ...framesOf([agentsOf(1)[0]], cut.map((r) => ({ ...r, level: 2 })), 9000), agent.hello(0)]; // prettier-ignore
    for (let atMs = 500; atMs < 9000; atMs += 500) {
      other.push(agent.status(atMs, { exponents: [{ fromNs: 0, marks: 3, packets: 3, control: 0 }] }));
    }
    expect(play(coarse, 9000).paths[0].verdict).toBe('vanished');
    expect(play(other, 9000).paths[0].verdict).toBe('unseen');
    const outside = cut.map((record) => ({ ...record, flow: { ...flow, destination: '8.8.8.8' } }));
    expect(play(framesOf(agentsOf(2), outside, 9000), 9000).paths[0].verdict).toBe('unseen');
  });
});

describe('an agent that starts again', () => {
  const AGAIN_MS = 3050;
  const records = Array.from({ length: 500 }, (_, i) => i).flatMap((i) => [
    ...along(podToPod(0, 0, 1, 0), 2 * i, 1e9 + i * 20e6, podFlow(0, 0, 1, 0)),
    ...along(podToPod(1, 0, 0, 0), 2 * i + 1, 1.0005e9 + i * 20e6, podFlow(1, 0, 0, 0)),
  ]);
  const isOf = ({ bytes }: Frame, node: number): boolean => decodeFrame(bytes).stream === 1000 + node;

  /** The second node's frames after its start: another stream, in which its clock shows another time since the epoch. */
  function startedAgain(): Frame[] {
    const ofSecond = records.filter(({ node }) => node === 1).map((record) => ({ ...record, node: 0 }));
    const [hello, ...frames] = framesOf([createAgent(1, flannelDevices(1), 100e9)], ofSecond, 12_000);
    for (const { bytes } of [hello, ...frames]) new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, 2000, true);
    return [{ ...hello, atMs: AGAIN_MS }, ...frames.filter(({ atMs }) => atMs > AGAIN_MS)];
  }

  it('has a clock of its own: what came before, and was still being told, says nothing of it', () => {
    const before = framesOf(agentsOf(2), records, 12_000).filter((frame) => isOf(frame, 0) || frame.atMs < AGAIN_MS);
    const { paths } = play([...before, ...startedAgain()], 12_000);
    const wires = paths.flatMap(({ segments }) => segments.filter(({ name }) => name === 'wire'));
    const known = wires.filter(({ durationNs }) => durationNs !== null);
    for (const { durationNs, boundNs } of known) expect(Math.abs(durationNs! - 1000)).toBeLessThanOrEqual(boundNs!);
    expect(wires.length).toBeGreaterThan(900);
    expect(known.length).toBeGreaterThan(700);
    expect(known.at(-1)!.boundNs).toBeLessThan(1e6);
  });
});

describe('bytes that the receiver’s shorter packets wrote too', () => {
  const [before, behind] = [podToPod(0, 0, 1, 0).slice(0, 4), podToPod(0, 0, 1, 0).slice(4)];
  const flow = podFlow(0, 0, 1, 0);

  /** A packet of two segments, and they: every byte is written by whoever has it in a packet short enough. */
  function twoSegments(number: number): Written[] {
    const sequence = number * 4096;
    const timeNs = 1e9 + number * 20e6;
    const marked = (hops: Hop[], at: number, payload: number, level: number, place: number): Written[] =>
      along(hops, sequence + place, timeNs, flow, {
        kind: Kind.mark, level, mark: sequence + place, context: number + 1, sequence: sequence + at, payload,
      }); // prettier-ignore
    return [
      ...marked(before, 0, 2800, 11, 0),
      ...marked(behind, 0, 1400, 11, 0).map((record) => ({ ...record, timeNs: record.timeNs + 1e5 })),
      ...marked(behind, 1400, 1400, 10, 2048 + 256).map((record) => ({ ...record, timeNs: record.timeNs + 1e5 })),
    ];
  }

  it.each([0, 2500])('are not what the sender failed to see, were it told %i ms before', (lateMs) => {
    const records = Array.from({ length: 300 }, (_, number) => twoSegments(number)).flat();
    const frames = framesOf(agentsOf(2), records, 16_000).map((frame) => {
      // Its first frames came in time: by them a viewer knows when the others were written.
      const isLate = decodeFrame(frame.bytes).stream === 1001 && frame.atMs > 900;
      return isLate ? { ...frame, atMs: frame.atMs + lateMs } : frame;
    });
    const { summary } = play(frames, 20_000);
    expect(summary).toMatchObject({ joined: 300, joinable: 300, ambiguous: 0, undecided: 300, lostByUs: 0 });
  });
});

describe('the traced time', () => {
  it('counts what began in it, and seen from the exact totals', () => {
    const way = podToPod(0, 0, 1, 0);
    const records = Array.from({ length: 50 }, (_, i) =>
      along(way, i, (0.5 + i * 0.1) * 1e9, podFlow(0, 0, 1, 0)),
    ).flat();
    const agents = agentsOf(2);
    const frames = framesOf(agents, records, 0);
    const totals = (packets: number) => [{
      ifindex: Ifindex.pods, direction: 'ingress' as const, packets, bytes: 0, wirePackets: packets, own: 0, filtered: 0, records: 0,
      ringFull: 0, capped: 0, unparsed: {},
    }]; // prettier-ignore
    for (let atMs = 100; atMs <= 8000; atMs += 100) {
      const due = records.filter((record) => Math.floor(record.timeNs / 1e8) * 100 === atMs - 100);
      agents.forEach((agent, node) => {
        const own = due.filter((record) => record.node === node);
        if (own.length) frames.push(agent.legs(atMs, own));
        frames.push(
          agent.status(atMs, node === 0 ? { totals: totals(Math.max(0, Math.min(50, atMs / 100 - 5))) } : {}),
        );
      });
    }
    const told: number[] = [];
    const assembler = createAssembler((view) => told.push(view.identityLow));
    for (const frame of frames.toSorted((a, b) => a.atMs - b.atMs)) {
      assembler.push(frame.bytes, frame.atMs);
      assembler.advance(frame.atMs);
      if (frame.atMs === 1000) assembler.begin(1050);
      if (frame.atMs === 3000) assembler.end(3050);
    }
    assembler.flush(8000);
    expect(assembler.summary()).toMatchObject({ sampled: 20, joined: 20, seen: 20 });
    expect(told).toHaveLength(20);
    expect(assembler.pending()).toBe(0);
  });
});

describe('hostile input', () => {
  it('is counted and changes nothing', () => {
    const good = framesOf(agentsOf(2), along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0)), 3000);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(400), fc.nat(255)), { maxLength: 30 }), (flips) => {
        const bad = flips.map(([frame, at, value]) => {
          const bytes = good[frame].bytes.slice();
          bytes[at % bytes.length] = value;
          return { bytes: bytes.subarray(0, bytes.length - (value % 2)), atMs: good[frame].atMs };
        });
        const { summary } = play([...good, ...bad], 3000);
        expect(summary.sampled).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 30 },
    );
  });

  it('with more legs than fit loses the oldest, and says so', () => {
    const way = podToPod(0, 0, 1, 0).slice(0, 4);
    const records = Array.from({ length: 6000 }, (_, i) => along(way, i, 1e9 + i * 1e5, podFlow(0, 0, 1, 0))).flat();
    const { summary } = play(framesOf(agentsOf(2), records, 9000), 9000, { maxLegs: 4096 });
    // Those that were kept cannot be judged either: what could speak for them is gone.
    expect(summary.lostByUs).toBe(6000);
    expect(summary.lostByNetwork.vanished).toBe(0);
    expect(summary.joined + summary.lostByUs + summary.ambiguous).toBeLessThanOrEqual(summary.sampled);
  });
});
