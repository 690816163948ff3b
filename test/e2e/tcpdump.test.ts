/** tcpdump and we at the same device: what we report is what passed, in the order in which it passed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outOfOrder, watchBeside, type Place } from './beside.ts';
import { startReceiver } from './matrix/traffic.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { load } from './watch.ts';

const places: Place[] = [
  { node: 'n2', device: 'eth0', direction: 'ingress' },
  { node: 'n1', device: 'eth0', direction: 'egress' },
];

describe.skipIf(missing !== undefined)(`beside tcpdump (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', { agents: { args: ['--budget', '200000', '--sample', '0'] } });
    await startReceiver(cluster.lab, 'api');
  });
  afterAll(() => cluster.stop());

  test.each(places)('$node $device $direction', async (place) => {
    const kinds = ['-tcp', 'bulk', '-datagrams', 'udp', '-others', 'echo', '-flows', '4', '-bytes-per-second', '2000000'];
    const { pairs, missing: absent } = await watchBeside(cluster, place, [...kinds, '-for', '1s']);
    expect(absent).toEqual([]);
    expect(pairs.length).toBeGreaterThan(load(800));
    expect(outOfOrder(pairs)).toBe(0);
  });
}); // prettier-ignore
