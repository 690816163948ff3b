/** What a filter matches is followed whole where all else is sampled: in the tunnel and outside of it, until who asked goes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Status } from '../../agent/wire/messages.ts';
import { startTraffic } from '../traffic/start.ts';
import { missing, startCluster, startHoplens, until, type Cluster } from './support.ts';
import { load, verdictMs, watch, type SeenNode, type SeenPath } from './watch.ts';

const EXPONENT = 18;
const PORT = 5353;
/** Loading a filter takes a fraction of a second, unless the machine has other things to do. */
const PATIENCE_MS = 60_000;

const lastOf = ({ statuses }: SeenNode): Status => statuses.at(-1)!;
const filtersOf = (nodes: Map<string, SeenNode>): (string | undefined)[] =>
  [...nodes.values()].map((node) => lastOf(node).filter?.expression);

describe.skipIf(missing !== undefined)(`filters (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', { agents: { args: ['--sample', String(EXPONENT)] } });
  });
  afterAll(() => cluster.stop());

  /** Both kinds of traffic at once; the datagrams that were sent. */
  async function sendBoth(): Promise<number> {
    const client = { udp: ['--rate', String(load(100))], http: ['--rate', String(load(200))] };
    const traffic = await startTraffic(cluster.lab, ['udp', 'http'], { forMs: 1500, client });
    const results = await traffic.results;
    return results.flatMap(({ summary }) => (summary?.kind === 'udp' ? [summary.sent] : []))[0];
  }

  const from = (paths: SeenPath[], pod: string): SeenPath[] =>
    paths.filter(({ source }) => source.ip === cluster.lab.pod(pod).ip);

  test('follow every packet that matches, what they match in part is not called lost, and go with who asked', async () => {
    const expression = `udp port ${PORT} or (host ${cluster.lab.nodes[1].address} and udp port 8472)`;
    const args = ['trace', '--gateway', cluster.agents.url, '--token-file', cluster.agents.tokenFile, expression];
    const tracing = startHoplens(args);
    const { paths, summary, result } = await watch(
      cluster,
      async ({ nodes }) => {
        await until(() => filtersOf(nodes).every((asked) => asked?.includes(String(PORT))), PATIENCE_MS);
        const sent = await sendBoth();
        tracing.kill();
        await tracing.ended;
        await until(() => filtersOf(nodes).every((asked) => asked === undefined), PATIENCE_MS);
        return sent;
      },
      { verdictMs },
    );
    const datagrams = paths.filter(({ protocol }) => protocol === 'udp');
    expect(from(datagrams, 'web')).toHaveLength(result);
    expect(from(datagrams, 'api')).toHaveLength(result);
    for (const { hops, verdict } of datagrams) expect([hops.length, verdict]).toEqual([8, 'delivered']);
    // Of TCP it matched the outside alone: what carries it between the nodes, and nothing before or behind.
    const isOutside = ({ hops }: SeenPath): boolean =>
      hops.length === 2 && hops.every(({ device }) => device === 'eth0');
    const outside = paths.filter((path) => path.protocol === 'tcp' && isOutside(path));
    expect(outside.length).toBeGreaterThan(result);
    expect(summary.partlyFiltered).toBeGreaterThanOrEqual(outside.length);
    expect(summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
    expect(summary.lostByUs).toBe(0);
  }, 120_000);
});
