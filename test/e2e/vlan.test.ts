/** Nodes that meet in a VLAN, and in one within another: the tags are beside the packets or in them, and uplinks are stacked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonPath } from '../../agent/paths/json.ts';
import { vlanMissing } from '../lab/missing.ts';
import { startTraffic } from '../traffic/start.ts';
import { expectJoined } from './joined.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { load, longer, passed, verdictMs, watch, type Seen } from './watch.ts';
import { backwards, expectWhole, type Expected } from './ways.ts';

const lack = missing ?? (await vlanMissing());

/** From the tunnel to the wire: names of the stacked uplinks, and bytes of a tag in the packet there. */
const stacks: [topology: string, stack: [device: string, tagBytes: number][]][] = [
  ['flannel-vxlan-vlan', [['eth0.100', 0], ['eth0', 0]]],
  ['flannel-vxlan-qinq', [['eth0.200.100', 0], ['eth0.200', 0], ['eth0', 4]]],
]; // prettier-ignore

/** A ping of 56 bytes from web to api. */
function expected(stack: [device: string, tagBytes: number][]): Expected {
  const outer = stack.map(([device, tagBytes]) => `${device} uplink egress ${98 + 50 + tagBytes}`);
  const down = ['vethweb pod ingress 98', 'cni0 bridge ingress 98', 'flannel.1 vxlan egress 98', ...outer];
  const up = backwards(down).map((hop) => hop.replace('vethweb', 'vethapi'));
  const below = stack.slice(1).map(() => 'device');
  return {
    way: [...down.map((hop) => `n1 ${hop}`), ...up.map((hop) => `n2 ${hop}`)],
    segments: ['bridge', 'route', 'encap', ...below, 'wire', ...below, 'decap', 'route', 'bridge'],
    vxlan: 50,
  };
}

describe.skipIf(lack !== undefined)(`VLANs below the tunnel (${lack ?? 'there are some'})`, () => {
  describe.each(stacks)('%s', (topology, stack) => {
    let cluster: Cluster;
    let seen: Seen<unknown>;
    const from = (pod: string): JsonPath[] =>
      seen.paths.filter(({ protocol, source }) => protocol === 'icmp' && source.ip === cluster.lab.pod(pod).ip);

    beforeAll(async () => {
      cluster = await startCluster(topology);
      // From before on: the clocks are known when the watched time begins.
      const traffic = await startTraffic(cluster.lab, ['ping', 'http']);
      seen = await watch(cluster, (watching) => passed(watching, longer(2)), { verdictMs });
      await traffic.stop();
    });
    afterAll(() => cluster.stop());

    test('a ping passes every uplink in its order, 50 bytes longer, and 4 more where a tag is in it', () => {
      const { way, ...rest } = expected(stack);
      const [requests, answers] = [from('web'), from('api')];
      expect(Math.min(requests.length, answers.length)).toBeGreaterThan(5);
      for (const path of requests) expectWhole(path, { way, ...rest });
      for (const path of answers) expectWhole(path, { way: backwards(way), ...rest });
    });

    test('pings and TCP are joined', () => {
      expectJoined(seen.summary, load(200));
    });
  });
});
