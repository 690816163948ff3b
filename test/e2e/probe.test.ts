/**
 * Nodes between which nothing passes but single pings: where both agents have the probe their clocks are known, and nothing is
 * where one of them has not.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTestClock } from '../../agent/kernel/test-clock.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { passed, verdictMs, watch, type Seen, type SeenPath } from './watch.ts';

const wrong = parseTestClock('offset=50ms,drift=30ppm');
/** At five questions a second these are many more than the three that must agree. */
const SECONDS = 2;

const wireOf = (path: SeenPath) => path.segments.find(({ name }) => name === 'wire')!;

describe.skipIf(missing !== undefined)(`the probe between nodes (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;
  let seen: Seen<unknown>;
  const pathsTo = (node: string): SeenPath[] => seen.paths.filter(({ hops }) => hops.some((hop) => hop.node === node));

  beforeAll(async () => {
    const args = (node: string): string[] => [
      ...(node !== 'n3' ? ['--probe', '200ms'] : []),
      ...(node === 'n2' ? ['--test-clock', wrong.text] : []),
    ];
    cluster = await startCluster('flannel-vxlan-three', { agents: { args } });
    const ping = (pod: string) => cluster.lab.exec('web', ['ping', '-n', '-c', '1', cluster.lab.pod(pod).ip]);
    seen = await watch(
      cluster,
      async (watching) => {
        await passed(watching, SECONDS);
        await Promise.all(['api', 'cache'].map(ping));
      },
      { verdictMs },
    );
  });
  afterAll(() => cluster.stop());

  test('lets a single ping be timed within its bound', () => {
    expect(pathsTo('n2')).toHaveLength(2);
    for (const path of pathsTo('n2')) {
      const { durationNs, boundNs } = wireOf(path);
      console.log(`wire ${durationNs} ns ±${boundNs}, truly ${trueNs(path, seen).toFixed(0)}`);
      // Times of 10^15 ns and more are not exact to the nanosecond.
      expect(Math.abs(durationNs! - trueNs(path, seen))).toBeLessThanOrEqual(boundNs! + 2);
      expect(boundNs).toBeLessThan(5e6);
    }
  });

  test('is no traffic: there are the pings, and nothing else is counted', () => {
    expect(seen.paths.map(({ protocol, verdict }) => `${protocol} ${verdict}`)).toEqual(
      Array(4).fill('icmp delivered'),
    );
    expect(seen.summary).toMatchObject({ sampled: 4, joined: 4, lostByNetwork: { dropped: 0, vanished: 0 } });
  });

  test('does not reach an agent that has it not: nothing listens there, and its clock stays unknown', async () => {
    expect(pathsTo('n3').map((path) => wireOf(path).durationNs)).toEqual([null, null]);
    expect(seen.summary.clocks['n3']).toMatchObject({ boundNs: null, unknown: 'too few packets each way yet' });
    expect(await udpSockets(cluster, 'n3')).toEqual([]);
    expect(await udpSockets(cluster, 'n2')).toEqual([`${cluster.lab.node('n2').address}:9430`]);
  });

  test('is counted in the metrics, answers too', async () => {
    const metrics = await metricsOf(cluster);
    const count = (what: string, node: string): number => Number(new RegExp(`^hoplens_probe_${what}_total{node="${node}"} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0); // prettier-ignore
    expect(count('answers', 'n2')).toBeGreaterThan(5);
    expect(count('questions', 'n2') - count('answers', 'n2')).toBeLessThanOrEqual(1);
    expect(count('questions', 'n3')).toBe(0);
  });
});

/** By what the test clock was told to add. */
function trueNs(path: SeenPath, { nodes }: Seen<unknown>): number {
  const shownEpochNs = nodes.get('n2')!.epochNs;
  const { from, to } = wireOf(path);
  const trueAt = (hop: number): number => {
    const { timeNs } = path.records[hop];
    if (path.hops[hop].node !== 'n2') return timeNs;
    return shownEpochNs - wrong.offsetNs + (timeNs - shownEpochNs) / (1 + wrong.drift);
  };
  return trueAt(to) - trueAt(from);
}

/** Where programs of a node listen: VXLAN's port is the kernel's own. */
async function udpSockets({ lab }: Cluster, node: string): Promise<string[]> {
  const { stdout } = await lab.exec(node, ['ss', '-Hlun']);
  const local = stdout.trim().split('\n').map((line) => line.trim().split(/\s+/)[3] ?? ''); // prettier-ignore
  return local.filter((address) => address !== '' && !address.endsWith(':8472'));
}

async function metricsOf({ agents }: Cluster): Promise<string> {
  const token = readFileSync(agents.tokenFile, 'utf8').trim();
  const url = `${agents.url.replace('ws:', 'http:')}/metrics`;
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
}
