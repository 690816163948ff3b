/** Ways of packets other than between pods of two nodes, hop by hop in order. */
import { describe, expect, it } from 'vitest';
import { Ifindex, createAgent, device, flannelDevices, framesOf, nodeAddress, podAddress, podFlow, podToPod, type Agent, type Hop, type Written } from './synthetic.ts'; // prettier-ignore
import { agentsOf, along, lookOf, play } from './testing.ts';
import { Direction } from './words.ts';

const { ingress, egress } = Direction;

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
