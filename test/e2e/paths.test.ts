/** Pings between pods, as `hoplens trace --json` tells of them: every hop of every packet, for each kind of network. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonPath } from '../../agent/paths/json.ts';
import type { Lab } from '../lab/index.ts';
import { missing, startCluster, trace, type Cluster, type Traced } from './support.ts';
import { backwards, expectWhole, type Expected } from './ways.ts';

/** From the request's point of view; the answer goes the same way back. */
interface Case extends Expected {
  from: string;
  to: string;
  six?: boolean;
}

const flannelSegments = ['bridge', 'route', 'encap', 'wire', 'decap', 'route', 'bridge'];

/** A ping of 56 bytes is 98 with Ethernet and IPv4, 118 with IPv6; VXLAN over IPv4 adds 50 to either. */
const flannel = (from: string, to: string, fromNode: string, toNode: string, bytes: number): Expected => ({
  way: [
    `${fromNode} veth${from} pod ingress ${bytes}`,
    `${fromNode} cni0 bridge ingress ${bytes}`,
    `${fromNode} flannel.1 vxlan egress ${bytes}`,
    `${fromNode} eth0 uplink egress ${bytes + 50}`,
    `${toNode} eth0 uplink ingress ${bytes + 50}`,
    `${toNode} flannel.1 vxlan ingress ${bytes}`,
    `${toNode} cni0 bridge egress ${bytes}`,
    `${toNode} veth${to} pod egress ${bytes}`,
  ],
  segments: flannelSegments,
  vxlan: 50,
});

const hostGateway = (bytes: number): Expected => ({
  way: [
    `n1 vethweb pod ingress ${bytes}`,
    `n1 cni0 bridge ingress ${bytes}`,
    `n1 eth0 uplink egress ${bytes}`,
    `n2 eth0 uplink ingress ${bytes}`,
    `n2 cni0 bridge egress ${bytes}`,
    `n2 vethapi pod egress ${bytes}`,
  ],
  segments: ['bridge', 'route', 'wire', 'route', 'bridge'],
});

const calicoRouted = (bytes: number): Expected => ({
  way: [
    `n1 caliweb pod ingress ${bytes}`,
    `n1 eth0 uplink egress ${bytes}`,
    `n2 eth0 uplink ingress ${bytes}`,
    `n2 caliapi pod egress ${bytes}`,
  ],
  segments: ['route', 'wire', 'route'],
});

const calicoVxlan = (bytes: number): Expected => ({
  way: [
    `n1 caliweb pod ingress ${bytes}`,
    `n1 vxlan.calico vxlan egress ${bytes}`,
    `n1 eth0 uplink egress ${bytes + 50}`,
    `n2 eth0 uplink ingress ${bytes + 50}`,
    `n2 vxlan.calico vxlan ingress ${bytes}`,
    `n2 caliapi pod egress ${bytes}`,
  ],
  segments: ['route', 'encap', 'wire', 'decap', 'route'],
  vxlan: 50,
});

const oneNode = (prefix: string, segment: string): Case => ({
  from: 'web',
  to: 'shop',
  way: [`n1 ${prefix}web pod ingress 98`, `n1 ${prefix}shop pod egress 98`],
  segments: [segment],
});

const networks: [topology: string, cases: Case[]][] = [
  [
    'flannel-vxlan',
    [
      { from: 'web', to: 'api', ...flannel('web', 'api', 'n1', 'n2', 98) },
      { from: 'web', to: 'api', six: true, ...flannel('web', 'api', 'n1', 'n2', 118) },
      oneNode('veth', 'bridge'),
    ],
  ],
  [
    'flannel-vxlan-three',
    [
      { from: 'web', to: 'cache', ...flannel('web', 'cache', 'n1', 'n3', 98) },
      { from: 'data', to: 'web', ...flannel('data', 'web', 'n2', 'n1', 98) },
      { from: 'queue', to: 'api', ...flannel('queue', 'api', 'n3', 'n2', 98) },
    ],
  ],
  [
    'flannel-host-gw',
    [
      { from: 'web', to: 'api', ...hostGateway(98) },
      { from: 'web', to: 'api', six: true, ...hostGateway(118) },
    ],
  ],
  [
    'calico-routed',
    [
      { from: 'web', to: 'api', ...calicoRouted(98) },
      { from: 'web', to: 'api', six: true, ...calicoRouted(118) },
      oneNode('cali', 'route'),
    ],
  ],
  ['calico-vxlan', [{ from: 'web', to: 'api', ...calicoVxlan(98) }, oneNode('cali', 'route')]],
];

const addressOf = (lab: Lab, pod: string, six = false): string => lab.pod(pod)[six ? 'ip6' : 'ip'];

/** Pings go on before, during and after the trace, so that it begins and ends amidst them. */
async function tracePings({ lab, agents }: Cluster, cases: Case[]): Promise<Traced> {
  const pings = cases.map(({ from, to, six }) =>
    lab.spawn(from, ['ping', '-n', '-i', '0.05', addressOf(lab, to, six)], { stdio: 'ignore' }),
  );
  try {
    return await trace(agents, ['icmp', 'or', 'icmp6', '--for', '2s']);
  } finally {
    for (const ping of pings) ping.kill();
  }
}

describe.skipIf(missing !== undefined)(`pings between pods (needs root and a lab; missing: ${missing})`, () => {
  describe.each(networks)('%s', (topology, cases) => {
    let cluster: Cluster;
    let traced: Traced;

    const pathsFrom = (source: string, destination: string): JsonPath[] =>
      traced.paths.filter((path) => path.source.ip === source && path.destination.ip === destination);

    beforeAll(async () => {
      cluster = await startCluster(topology);
      traced = await tracePings(cluster, cases);
    });
    afterAll(() => cluster.stop());

    const title = ({ from, to, six }: Case): string => `${from} to ${to}${six ? ', IPv6' : ''}`;

    test.each(cases.map((one) => [title(one), one] as const))('%s: every hop of every packet, each way', (_, one) => {
      const { lab } = cluster;
      const [source, destination] = [addressOf(lab, one.from, one.six), addressOf(lab, one.to, one.six)];
      const [requests, replies] = [pathsFrom(source, destination), pathsFrom(destination, source)];
      expect(requests.length).toBeGreaterThanOrEqual(10);
      expect(replies.length).toBeGreaterThanOrEqual(10);
      for (const path of requests) {
        expectWhole(path, one);
        expectEnds(path, lab, [one.from, source], [one.to, destination]);
      }
      for (const path of replies) {
        expectWhole(path, { ...one, way: backwards(one.way) });
        expectEnds(path, lab, [one.to, destination], [one.from, source]);
      }
    });

    test('nothing else was seen, nothing lost, and all of it joined', () => {
      const pods = new Set(cluster.lab.pods.flatMap(({ ip, ip6 }) => [ip, ip6]));
      for (const { source, destination } of traced.paths) {
        expect([pods.has(source.ip), pods.has(destination.ip)]).toEqual([true, true]);
      }
      const { summary, paths } = traced;
      const all = paths.length;
      expect(summary).toMatchObject({
        sampled: all, joined: all, joinable: all, joinableJoined: all, ambiguous: 0, lostByUs: 0, framesMissed: 0,
        recordsLost: 0, lostByNetwork: { dropped: 0, vanished: 0 },
      }); // prettier-ignore
      expect(Object.values(summary.exponents)).toEqual(cluster.lab.nodes.map(() => 0));
    });

    test('the nodes’ clocks are one here, and no bound says otherwise', () => {
      const clocks = cluster.lab.nodes.map(({ name }) => traced.summary.clocks[name]);
      expect(clocks[0]).toEqual({ offsetNs: 0, boundNs: 0, relativeBoundNs: 0 });
      for (const clock of clocks) {
        if (!clock || clock.offsetNs === null) throw new Error('a clock is unknown');
        expect(Math.abs(clock.offsetNs)).toBeLessThanOrEqual(clock.boundNs!);
      }
    });
  });
});

/** Neither address nor node changes on the way where nothing translates. */
function expectEnds(path: JsonPath, lab: Lab, from: [pod: string, ip: string], to: [pod: string, ip: string]): void {
  const six = from[1].includes(':');
  expect(path.protocol).toBe(six ? 'icmpv6' : 'icmp');
  expect(path.source).toMatchObject({ ip: from[1], port: null, node: lab.pod(from[0]).node });
  expect(path.destination).toMatchObject({ ip: to[1], port: null, node: lab.pod(to[0]).node });
  for (const hop of path.hops) {
    expect([hop.source, hop.destination, hop.wirePackets]).toEqual([from[1], to[1], 1]);
  }
}
