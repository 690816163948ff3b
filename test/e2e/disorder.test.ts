/** Where order changes, copies arise and bytes are lost that come again: only on the wire, as often as the wire says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WireEvent, WireRules } from '../lab/index.ts';
import { startTraffic, type StartOptions } from '../traffic/start.ts';
import type { Kind } from '../traffic/options.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { load, longer, verdictMs, watch, type Seen, type SeenPath } from './watch.ts';

const MARK = 0;

const WIRE = {
  name: 'wire',
  from: { node: 'n1', device: 'eth0', direction: 'egress' },
  to: { node: 'n2', device: 'eth0', direction: 'ingress' },
};

describe.skipIf(missing !== undefined)(`disorder (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', {
      lab: { wire: { seed: 7 } },
      agents: { args: ['--budget', '500000'] },
    });
  });
  afterAll(() => cluster.stop());

  async function watchDamage(
    kind: Kind,
    damage: WireRules,
    options: StartOptions,
  ): Promise<{ seen: Seen<void>; log: WireEvent[] }> {
    const { wire } = cluster.lab;
    const before = (await wire.log()).length;
    await wire.set({ 'n1>n2': damage });
    const traffic = async (): Promise<void> => {
      const [{ summary, errors }] = await (await startTraffic(cluster.lab, [kind], options)).results;
      if (!summary) throw new Error(`traffic failed: ${errors}`);
    };
    const seen = await watch(cluster, traffic, { verdictMs });
    await wire.set({ 'n1>n2': {} });
    expect(await wire.unread()).toEqual({ n1: 0, n2: 0 });
    return { seen, log: (await wire.log()).slice(before) };
  }

  test('datagrams overtaken and copied by the wire', async () => {
    const client = { udp: ['--rate', String(load(500))] };
    const damage = { match: { tunnel: true, protocol: 'udp' }, reorder: 0.05, duplicate: 0.05 } as const;
    const { seen, log } = await watchDamage('udp', damage, { forMs: longer(2) * 1000, client });
    const ids = (action: string): number[] =>
      log.filter((event) => event.action === action).map(({ packet }) => packet!.id!);
    const copied = new Set(ids('duplicate'));
    const overtaken = new Set(log.filter((event) => (event.overtaken ?? 0) > 0).map(({ packet }) => packet!.id!));
    // Of a packet that arrives twice nobody can say which of the two was late.
    const reordered = [...overtaken].filter((id) => !copied.has(id)).length;
    expect(reordered).toBeGreaterThan(load(20));
    expect(copied.size).toBeGreaterThan(load(20));
    expect(seen.summary.disorder).toEqual([
      { ...WIRE, reordered, duplicated: ids('duplicate').length, retransmitted: 0 },
    ]);
  });

  test('bytes of TCP that the wire lost and the sender sent again', async () => {
    const damage = { match: { tunnel: true, protocol: 'tcp', payload: true }, dropEvery: 15 } as const;
    // Small requests: every hop sees the same packets, and marks bytes in each.
    const { seen, log } = await watchDamage('http', damage, {
      forMs: longer(3) * 1000,
      server: { http: ['--bytes', '200'] },
    });
    expect(log.length).toBeGreaterThan(load(10));
    const retransmitted = sentAgain(seen.paths);
    expect(retransmitted).toBeGreaterThan(log.length / 2);
    expect(seen.summary.disorder).toEqual([{ ...WIRE, reordered: 0, duplicated: 0, retransmitted }]);
  });
});

/** Marks that vanished once and were delivered later. */
function sentAgain(paths: SeenPath[]): number {
  const marksOf = (verdict: string): Set<string> =>
    new Set(
      paths
        .filter((path) => path.verdict === verdict && path.identityKind === MARK && !path.ambiguous)
        .map(({ source, records }) => `${source.port} ${records[0].mark}`),
    );
  const delivered = marksOf('delivered');
  return [...marksOf('vanished')].filter((mark) => delivered.has(mark)).length;
}
