/** The wait in the sender's own queue is told from the wire: a token bucket of a known rate makes it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectJoined } from './joined.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { verdictMs, watch, type SeenPath } from './watch.ts';

/** Pings of this size come as fast as the bucket lets one out in 10 ms, so that each waits for those before it. */
const RATE_KBIT = 1000;
const PING_BYTES = 1200;
const WIRE_BYTES = PING_BYTES + 8 + 20 + 14 + 50;
const STEP_NS = (WIRE_BYTES * 8 * 1e6) / RATE_KBIT;
const PINGS = 12;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const timesOf = (paths: SeenPath[], name: string): number[] =>
  paths.map(({ segments }) => segments.find((segment) => segment.name === name)!.durationNs!);

describe.skipIf(missing !== undefined)(`queues (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', { agents: { args: ['--queues', 'on'] } });
  });
  afterAll(() => cluster.stop());

  const ping = (more: string[]) => () =>
    cluster.lab.exec('web', ['ping', '-n', '-W', '2', ...more, cluster.lab.pod('api').ip]);

  const requests = (paths: SeenPath[]): SeenPath[] =>
    paths.filter(({ source }) => source.ip === cluster.lab.pod('web').ip);

  test('stand between the uplinks and the wire, on one time line with the rest', async () => {
    const { paths, summary } = await watch(cluster, ping(['-c', '50', '-i', '0.02']), { verdictMs });
    expectJoined(summary, 100);
    const timed = paths.filter(({ totalNs }) => totalNs !== null); // the first find the clocks
    expect(timed.length).toBeGreaterThan(50);
    for (const { segments, totalNs } of timed) {
      expect(segments.reduce((sum, { durationNs }) => sum + durationNs!, 0)).toBe(totalNs);
    }
    for (const { hops, segments } of paths) {
      const names = ['bridge', 'route', 'encap', 'queue', 'wire', 'receive', 'decap', 'route', 'bridge'];
      expect(segments.map(({ name }) => name)).toEqual(names);
      expect(hops.slice(3, 7).map(({ device, direction, bytes }) => [device, direction, bytes])).toEqual(
        ['egress', 'transmit', 'receive', 'ingress'].map((direction) => ['eth0', direction, 148]),
      );
    }
  });

  test('have the wait that the sender’s qdisc causes, and the wire has not', async () => {
    const tbf = ['rate', `${RATE_KBIT}kbit`, 'burst', String(WIRE_BYTES), 'limit', '100000'];
    const burst = ['-c', String(PINGS), '-l', String(PINGS), '-s', String(PING_BYTES)];
    try {
      const { paths } = await watch(
        cluster,
        async () => {
          await ping(['-c', '50', '-i', '0.02'])(); // the clocks are found
          await cluster.lab.exec('n1', ['tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', ...tbf]);
          await ping(burst)();
        },
        { verdictMs },
      );
      const sent = requests(paths).filter(({ hops }) => hops[0].bytes > PING_BYTES);
      expect(sent).toHaveLength(PINGS);
      const queued = timesOf(sent, 'queue').toSorted((a, b) => a - b);
      // Each waits for one more packet than the one before; a late timer is caught up with.
      const steps = queued.slice(1).map((timeNs, at) => timeNs - queued[at]);
      expect(Math.abs(median(steps) - STEP_NS), `${steps.join(' ')}`).toBeLessThan(STEP_NS / 4);
      expect(queued.at(-1)!).toBeGreaterThan((PINGS - 2) * STEP_NS);
      expect(median(timesOf(sent, 'wire'))).toBeLessThan(STEP_NS / 10);
    } finally {
      await cluster.lab.exec('n1', ['tc', 'qdisc', 'del', 'dev', 'eth0', 'root']);
    }
  });
});
