/**
 * The exact totals of each hop against the kernel's own counters of the device, over the same traffic. What both count the
 * same way must be equal to the packet and to the byte:
 * - pods' veths and the uplink: everything;
 * - packets of bridge and VXLAN device too, but the kernel counts their bytes without the Ethernet header: the bridge on
 *   the way in, the VXLAN device both ways;
 * - where the uplink itself cuts packets into segments, it counts segments: our wire packets. Its bytes then hold headers
 *   that no packet at a hook has.
 * Not compared: drops, which are no totals of ours, and the uplink of a node whose agent is being read across the network,
 * for that never rests.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ETHERNET_BYTES } from '../../agent/paths/header-bytes.ts';
import type { HopTotals, Status } from '../../agent/wire/messages.ts';
import { startTraffic } from '../traffic/start.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { load, totalsOf, watch, type Watching } from './watch.ts';

interface Counts {
  packets: number;
  bytes: number;
}

interface Link {
  ifname: string;
  stats64: Record<'rx' | 'tx', Counts>;
}

/** Both at a moment in which nothing passed. */
interface Moment {
  links: Link[];
  status: Status;
}

const HOPS = ['vethweb', 'vethshop', 'cni0', 'flannel.1', 'eth0'].flatMap((device) =>
  (['ingress', 'egress'] as const).map((direction) => [device, direction] as const),
);

/** Header bytes of each packet that the kernel leaves out. */
function leftOut(device: string, direction: string): number {
  return device === 'flannel.1' || (device === 'cni0' && direction === 'ingress') ? ETHERNET_BYTES : 0;
}

describe.skipIf(missing !== undefined)(`exact totals (needs root and a lab; missing: ${missing})`, () => {
  describe.each([
    ['as they come', {}, false],
    ['cut at the uplink', { tso: false, gso: false, gro: true }, true],
  ])('offloads %s', (_, offloads, isCut) => {
    let cluster: Cluster;
    let before: Moment;
    let after: Moment;
    let totals: (moment: Moment, device: string, direction: string) => HopTotals;

    async function linksOf(node: string): Promise<Link[]> {
      return JSON.parse((await cluster.lab.exec(node, ['ip', '-s', '-j', 'link'])).stdout) as Link[];
    }

    /** The devices' counters stay the same from before the status's time until after it. */
    async function rest({ statusNow }: Watching): Promise<Moment> {
      for (let attempt = 0; attempt < 20; attempt++) {
        const links = await linksOf('n1');
        const status = await statusNow('n1');
        if (JSON.stringify(await linksOf('n1')) === JSON.stringify(links)) return { links, status };
      }
      throw new Error('the network does not come to rest');
    }

    beforeAll(async () => {
      cluster = await startCluster('flannel-vxlan', { lab: { offloads } });
      const action = async (watching: Watching): Promise<void> => {
        before = await rest(watching);
        const requests = ['--rate', String(load(200))];
        const client = {
          bulk: ['--rate-mbit', String(load(200)), '--connections', '2'],
          udp: ['--rate', String(load(200))],
          http: requests,
          local: requests,
        };
        const kinds = ['ping', 'udp', 'http', 'bulk', 'local'] as const;
        await (
          await startTraffic(cluster.lab, [...kinds], { forMs: 1500, six: true, client })
        ).results;
        after = await rest(watching);
      };
      // Reading one node alone leaves the network between them to the pods.
      const { nodes } = await watch(cluster, action, { scope: 'node', keep: () => false, verdictMs: 100 });
      totals = ({ status }, device, direction) => totalsOf(nodes.get('n1')!, status, device, direction);
    });
    afterAll(() => cluster.stop());

    const kernel = ({ links }: Moment, device: string, direction: string): Counts =>
      links.find(({ ifname }) => ifname === device)!.stats64[direction === 'ingress' ? 'rx' : 'tx'];

    test.each(HOPS)('%s %s', (device, direction) => {
      const [from, to] = [kernel(before, device, direction), kernel(after, device, direction)];
      const [oursFrom, ours] = [totals(before, device, direction), totals(after, device, direction)];
      const rise = (what: 'packets' | 'bytes' | 'wirePackets'): number => ours[what] - oursFrom[what];
      expect(rise('packets')).toBeGreaterThan(load(50));
      expect(rise('wirePackets')).toBeGreaterThanOrEqual(rise('packets'));
      if (isCut && device === 'eth0') {
        expect(rise('wirePackets')).toBe(to.packets - from.packets);
        expect(rise('wirePackets')).toBeGreaterThan(rise('packets'));
        return;
      }
      expect(rise('packets')).toBe(to.packets - from.packets);
      expect(rise('bytes')).toBe(to.bytes - from.bytes + rise('packets') * leftOut(device, direction));
    });
  });
});
