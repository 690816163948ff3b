/** The loss that we cause is the loss that is seen: the wire drops every n-th packet and writes down which. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTraffic } from '../traffic/start.ts';
import type { WireEvent } from '../lab/index.ts';
import type { WireMatch } from '../lab/wire.ts';
import { deliveredThoughDropped, lostBytes } from './dropped.ts';
import { expectJoined } from './joined.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { load, verdictMs, watch, type Seen, type SeenPath } from './watch.ts';
import { wayOf } from './ways.ts';

const SENDER_WAY = ['n1 vethweb', 'n1 cni0', 'n1 flannel.1', 'n1 eth0'];

const namesOf = (path: SeenPath): string[] => wayOf(path).map((hop) => hop.split(' ').slice(0, 2).join(' '));

describe.skipIf(missing !== undefined)(`loss on the wire (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', {
      lab: { wire: { seed: 5 } },
      // Nothing that follows is to be missing because of our own budget.
      agents: { args: ['--budget', '500000'] },
    });
  });
  afterAll(() => cluster.stop());

  /** Drops every n-th packet of a kind from n1 to n2 while the traffic runs; also gives the wire's own log of it. */
  async function watchLoss<T>(
    match: WireMatch,
    dropEvery: number,
    traffic: () => Promise<T>,
  ): Promise<{ seen: Seen<T>; dropped: WireEvent[] }> {
    const { wire } = cluster.lab;
    const before = (await wire.log()).length;
    await wire.set({ 'n1>n2': { match: { tunnel: true, ...match }, dropEvery } });
    const seen = await watch(cluster, traffic, { verdictMs });
    await wire.set({ 'n1>n2': {} });
    expect(await wire.unread()).toEqual({ n1: 0, n2: 0 });
    return { seen, dropped: (await wire.log()).slice(before) };
  }

  /** Lost are exactly those that the wire dropped, and each is known by its IPv4 id and gone behind the sender's eth0. */
  function expectExactly({ paths, summary }: Seen<unknown>, dropped: WireEvent[], sent: number): void {
    const vanished = paths.filter(({ verdict }) => verdict === 'vanished');
    for (const path of vanished) expect(namesOf(path)).toEqual(SENDER_WAY);
    const ids = (values: (number | undefined)[]): number[] => values.map((id) => id!).sort((a, b) => a - b);
    expect(ids(vanished.map(({ records }) => records[0].sequence))).toEqual(ids(dropped.map((e) => e.packet?.id)));
    const answered = sent - dropped.length;
    expect(summary).toMatchObject({
      sampled: sent + answered, joined: 2 * answered, joinable: 2 * answered, joinableJoined: 2 * answered,
      ambiguous: 0, lostByNetwork: { dropped: 0, vanished: dropped.length }, lostByUs: 0, framesMissed: 0,
    }); // prettier-ignore
    expect(paths.filter(({ verdict }) => verdict === 'delivered')).toHaveLength(2 * answered);
  }

  test('pings', async () => {
    const { lab } = cluster;
    const ping = ['ping', '-n', '-c', '60', '-i', '0.03', '-W', '1', lab.pod('api').ip];
    const { seen, dropped } = await watchLoss({ protocol: 'icmp' }, 5, () =>
      lab.exec('web', ping, { allowFailure: true }),
    );
    expect(seen.result.stdout).toContain('60 packets transmitted, 48 received');
    expect(dropped).toHaveLength(12);
    expect(dropped.map(({ packet }) => packet?.icmpSequence)).toEqual(Array.from({ length: 12 }, (_, i) => 5 * i + 5));
    expectExactly(seen, dropped, 60);
  });

  test('UDP datagrams', async () => {
    const { seen, dropped } = await watchLoss({ protocol: 'udp' }, 7, async () => {
      const client = { udp: ['--rate', String(load(500))] };
      const [{ summary }] = await (await startTraffic(cluster.lab, ['udp'], { forMs: 2000, client })).results;
      return summary;
    });
    const said = seen.result;
    if (said?.kind !== 'udp') throw new Error('the client ended without a summary');
    expect(said.missingCount).toBe(Math.floor(said.sent / 7));
    expect(dropped).toHaveLength(said.missingCount);
    const numbers = dropped.map(({ packet }) => Number(BigInt(`0x${packet!.head!.slice(0, 16)}`)));
    expect(numbers.slice(0, 100)).toEqual(said.missing); // it tells the first hundred
    expectExactly(seen, dropped, said.sent);
  });

  test('TCP: the bytes of dropped segments are lost, those sent again are not, and neither is taken for the other', async () => {
    const { seen, dropped } = await watchLoss({ protocol: 'tcp', payload: true }, 40, async () => {
      const client = { bulk: ['--rate-mbit', String(load(40))] };
      const [{ summary }] = await (await startTraffic(cluster.lab, ['bulk'], { forMs: 4000, client })).results;
      return summary;
    });
    expect(seen.result).toMatchObject({ kind: 'bulk', wrongStreams: 0, unreported: 0 });
    const { paths, summary } = seen;
    expect(summary).toMatchObject({ lostByUs: 0, framesMissed: 0, recordsLost: 0 });
    expectJoined(summary, load(500));

    const lost = new Set(lostBytes(paths, dropped).flatMap((byte) => byte.paths));
    const vanished = paths.filter(({ verdict, ambiguous }) => verdict === 'vanished' && !ambiguous);
    expect(vanished.length).toBeGreaterThan(load(5));
    expect(vanished.filter((path) => !lost.has(path))).toEqual([]);
    expect(deliveredThoughDropped(paths, dropped)).toEqual([]);
    for (const path of vanished) expect(namesOf(path)).toEqual(SENDER_WAY);
  });
});
