/**
 * TCP at full speed, cut into segments and merged again at different places: at least 99.9 % of what may be joined is
 * joined. What cannot be is counted, and lost is only what the network really lost.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inNamespace, run } from '../lab/run.ts';
import { startTraffic } from '../traffic/start.ts';
import { expectJoined } from './joined.ts';
import { missing, startCluster, until, type Cluster } from './support.ts';
import { fullSpeed, load, longer, passed, verdictMs, watch, type SeenPath, type Watching } from './watch.ts';

/** `tunnel` also stands for what an uplink does to packets inside VXLAN. */
type Feature = 'tso' | 'gso' | 'gro' | 'tunnel';
const everything: Record<Feature, boolean> = { tso: true, gso: true, gro: false, tunnel: true };

const names: Record<Feature, string[]> = {
  tso: ['tso'],
  gso: ['gso'],
  gro: ['gro'],
  tunnel: ['tx-udp_tnl-segmentation', 'tx-udp_tnl-csum-segmentation'],
};

const ENOUGH = load(1000);

/** A while of traffic, and on a busy machine, where its client begins late, as long as it takes. */
async function enough(watching: Watching): Promise<void> {
  await passed(watching, longer(1));
  await until(() => watching.summary().joinable >= ENOUGH);
}

/** Drops outside the pods by reason: what the receiver's TCP has no use for is in none of the devices' counters. */
function dropsByDevices(paths: SeenPath[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { drop } of paths) {
    if (drop!.inPod || drop!.symbol.startsWith('tcp_')) continue;
    const key = `${drop!.reason} in ${drop!.symbol} at ${drop!.device} of ${drop!.node}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

interface Link {
  stats64: Record<'rx' | 'tx', { dropped: number }>;
}

interface Setting {
  title: string;
  /** What differs, by device of both nodes. */
  off?: Record<string, Feature[]>;
  on?: Record<string, Feature[]>;
}

const settings: Setting[] = [
  { title: 'offloads as they come' },
  {
    title: 'cut at the sender’s edge, merged at the receiver’s',
    off: { eth0: ['tso', 'gso', 'tunnel'] },
    on: { eth0: ['gro'] },
  },
  { title: 'cut at the sender’s edge, never merged', off: { eth0: ['tso', 'gso', 'tunnel'] } },
  {
    title: 'cut before the tunnel, merged behind it',
    off: { 'flannel.1': ['tso', 'gso'] },
    on: { 'flannel.1': ['gro'] },
  },
  { title: 'cut by the pods’ devices on the way in', off: { cni0: ['tso', 'gso'], vethapi: ['tso', 'gso'] } },
];

describe.skipIf(missing !== undefined)(`TCP at full speed (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    // Room for the bursts after a stall: what is lost to our own cap is the budget's test.
    cluster = await startCluster('flannel-vxlan', { agents: { args: ['--budget', '60000'] } });
  });
  afterAll(() => cluster.stop());

  async function ethtool(node: string, device: string, features: Record<string, boolean>): Promise<void> {
    const words = Object.entries(features).flatMap(([name, on]) => [name, on ? 'on' : 'off']);
    // A device that cannot change one of them leaves it as it is.
    await run(inNamespace(cluster.lab.netns(node), ['ethtool', '-K', device, ...words]), { allowFailure: true });
  }

  async function apply({ off = {}, on = {} }: Setting): Promise<void> {
    for (const { name } of cluster.lab.nodes) {
      for (const device of ['eth0', 'flannel.1', 'cni0', 'vethweb', 'vethapi']) {
        const features: Record<string, boolean> = {};
        for (const [feature, usual] of Object.entries(everything) as [Feature, boolean][]) {
          const isOn = (usual && !off[device]?.includes(feature)) || on[device]?.includes(feature) === true;
          for (const each of names[feature]) features[each] = isOn;
        }
        await ethtool(name, device, features);
      }
    }
  }

  /** Packets that the kernel threw away: full queues of processors (of the whole machine) and of devices. */
  async function kernelDrops(): Promise<number> {
    const { stdout } = await run(['cat', '/proc/net/softnet_stat']);
    let dropped = 0;
    for (const line of stdout.trim().split('\n')) dropped += parseInt(line.split(' ')[1], 16);
    for (const { name } of [...cluster.lab.nodes, ...cluster.lab.pods]) {
      const links = JSON.parse((await cluster.lab.exec(name, ['ip', '-s', '-j', 'link'])).stdout) as Link[];
      for (const { stats64 } of links) dropped += stats64.rx.dropped + stats64.tx.dropped;
    }
    return dropped;
  }

  describe.each(settings)('$title', (setting) => {
    beforeAll(() => apply(setting));

    test.each([1, 8])('%i flows', async (connections) => {
      const client = { bulk: ['--connections', `${connections}`, ...fullSpeed] };
      const before = await kernelDrops();
      const traffic = await startTraffic(cluster.lab, ['bulk'], { client });
      // The exponent is found before the watch begins: what the first moment cost is not of these bytes.
      const { summary, paths } = await watch(cluster, enough, {
        keep: ({ drop }) => drop !== undefined,
        verdictMs,
      });
      const [{ summary: said }] = await traffic.stop();
      const dropped = (await kernelDrops()) - before;

      expect(said).toMatchObject({ kind: 'bulk', wrongStreams: 0, unreported: 0 });
      expectJoined(summary, ENOUGH, Infinity);
      // A packet of 64 KiB holds two marks at most.
      const drops = dropsByDevices(paths);
      const count = Object.values(drops).reduce((sum, one) => sum + one, 0);
      expect(count, JSON.stringify(drops)).toBeLessThanOrEqual(2 * dropped);
      expect(summary.lostByNetwork.vanished).toBeLessThanOrEqual(2 * dropped);
    });
  });
});
