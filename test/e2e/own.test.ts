/** What agents say to each other crosses the uplinks like all else: counted there, and never followed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing, startCluster, trace, type Cluster } from './support.ts';
import { totalsOf, watch } from './watch.ts';

describe.skipIf(missing !== undefined)(`the agents’ own stream (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    // No tunnel: the stream between the nodes is the same kind of packet as the pods’.
    cluster = await startCluster('flannel-host-gw');
  });
  afterAll(() => cluster.stop());

  test('is in the totals of eth0 on both nodes', async () => {
    const { result } = await watch(cluster, async ({ nodes, statusNow }) => {
      const own = async (node: string): Promise<{ own: number; packets: number }[]> => {
        const status = await statusNow(node);
        return ['ingress', 'egress'].map((direction) => totalsOf(nodes.get(node)!, status, 'eth0', direction));
      };
      const before = [...(await own('n1')), ...(await own('n2'))];
      const after = [...(await own('n1')), ...(await own('n2'))];
      return after.map((hop, i) => ({ own: hop.own - before[i].own, packets: hop.packets - before[i].packets }));
    });
    expect(result).toHaveLength(4);
    for (const { own, packets } of result) {
      expect(own).toBeGreaterThan(0);
      expect(packets).toBeGreaterThan(0);
    }
  });

  test('is no path, while all the pods’ packets are', async () => {
    const ping = cluster.lab.spawn('web', ['ping', '-n', '-i', '0.05', cluster.lab.pod('api').ip], { stdio: 'ignore' });
    const { paths } = await trace(cluster.agents, ['--partial', '--for', '3s']);
    ping.kill();
    expect(paths.filter(({ protocol }) => protocol === 'icmp').length).toBeGreaterThan(20);
    const nodes = new Set(cluster.lab.nodes.flatMap(({ address, address6 }) => [address, address6]));
    const between = paths.filter(({ source, destination }) => nodes.has(source.ip) && nodes.has(destination.ip));
    expect(between.map(({ hops }) => [hops[0].source, hops[0].destination])).toEqual([]);
  });
});
