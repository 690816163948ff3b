/**
 * Clocks that are wrong on purpose, on real traffic: the nodes share one clock here, so that the true time of every packet is
 * known from what the agent was told to add.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createShift, parseTestClock } from '../../agent/kernel/test-clock.ts';
import { startTraffic } from '../traffic/start.ts';
import { missing, startCluster, trace, type Cluster } from './support.ts';
import { passed, verdictMs, watch, type Seen, type SeenNode, type SeenPath } from './watch.ts';

const wrong = parseTestClock('offset=50ms,drift=30ppm,slew=500ppm@10s');
const shift = createShift(wrong);
const SECONDS = 14;

/** What the test clock made of a time, undone: since n2's epoch by the machine's own clock. It has a corner and is a line elsewhere. */
function undone(shownNs: number): number {
  const cornerNs = shift.monotonic(wrong.slewAtNs);
  if (shownNs <= cornerNs) return shownNs / (1 + wrong.drift);
  return wrong.slewAtNs + (shownNs - cornerNs) / (1 + wrong.drift + wrong.slew);
}

interface Wire {
  trueNs: number;
  errorNs: number;
  boundNs: number;
  relativeBoundNs: number;
  /** Since n2's epoch. */
  atNs: number;
  direction: string;
}

function wireOf(path: SeenPath, n2: SeenNode): Wire | undefined {
  const at = path.segments.findIndex(({ name }) => name === 'wire');
  const segment = path.segments[at];
  if (!segment || segment.durationNs === null) return undefined;
  const epochNs = n2.epochNs - wrong.offsetNs;
  const trueAt = (hop: number): number => {
    const { timeNs } = path.records[hop];
    return path.hops[hop].node === 'n2' ? epochNs + undone(timeNs - n2.epochNs) : timeNs;
  };
  const trueNs = trueAt(segment.to) - trueAt(segment.from);
  return {
    trueNs,
    errorNs: segment.durationNs - trueNs,
    boundNs: segment.boundNs!,
    relativeBoundNs: segment.relativeBoundNs!,
    atNs: trueAt(segment.from) - epochNs,
    direction: path.hops[segment.from].node,
  };
}

describe.skipIf(missing !== undefined)(
  `a clock that is wrong on purpose (needs root and a lab; missing: ${missing})`,
  () => {
    let cluster: Cluster;
    let seen: Seen<unknown>;
    let wires: Wire[];

    beforeAll(async () => {
      const args = (node: string): string[] => (node === 'n2' ? ['--test-clock', wrong.text] : []);
      cluster = await startCluster('flannel-vxlan', { agents: { args, gateway: 'n2' } });
      seen = await watch(
        cluster,
        async (watching) => {
          const traffic = await startTraffic(cluster.lab, ['ping', 'http'], { forMs: SECONDS * 1000 });
          await Promise.all([traffic.results, passed(watching, SECONDS)]);
        },
        { verdictMs },
      );
      wires = seen.paths.map((path) => wireOf(path, seen.nodes.get('n2')!)).filter((wire) => wire !== undefined);
    });
    afterAll(() => cluster.stop());

    test('never leaves the truth outside the bound, while it is slewed neither', () => {
      expect(wires.filter(({ atNs }) => atNs > wrong.slewAtNs).length).toBeGreaterThan(100);
      expect(wires.filter(({ atNs }) => atNs < wrong.slewAtNs).length).toBeGreaterThan(100);
      // Times of 10^15 ns and more are not exact to the nanosecond.
      expect(wires.filter(({ errorNs, boundNs }) => Math.abs(errorNs) > boundNs + 2)).toEqual([]);
    });

    test('leaves changes within a second right within the relative bounds', () => {
      const outside = wires.filter((a, i) =>
        wires.slice(i + 1, i + 50).some((b) => {
          if (a.direction !== b.direction || Math.abs(b.atNs - a.atNs) > 1e9) return false;
          return Math.abs(a.errorNs - b.errorNs) > a.relativeBoundNs + b.relativeBoundNs + 4;
        }),
      );
      expect(outside).toEqual([]);
    });

    test('is found: its offset within the bound, which is half the least round trip and little more', () => {
      const { offsetNs, boundNs, testClock } = seen.summary.clocks['n2'];
      const sinceNs = seen.nodes.get('n2')!.statuses.at(-1)!.timeNs;
      // The summary speaks of the last packet's time; what the drift adds until then is not more than until now.
      expect(-offsetNs!).toBeGreaterThan(wrong.offsetNs - boundNs!);
      expect(-offsetNs!).toBeLessThan(wrong.offsetNs + wrong.drift * sinceNs + boundNs!);
      expect(boundNs).toBeLessThan(100_000);
      expect(testClock).toBe(wrong.text);
      const late = wires.filter(({ atNs }) => atNs > 5e9 && atNs < wrong.slewAtNs - 0.3e9);
      const least = (direction: string): number => late.reduce((found, wire) => (wire.direction === direction ? Math.min(found, wire.trueNs) : found), Infinity); // prettier-ignore
      const idealNs = (least('n1') + least('n2')) / 2;
      const bounds = late.map((wire) => wire.boundNs).sort((a, b) => a - b);
      console.log(
        `half the least round trip ${idealNs.toFixed(0)} ns, median bound ${bounds[bounds.length >> 1]} ns, ` +
          `worst error ${Math.max(...late.map(({ errorNs }) => Math.abs(errorNs))).toFixed(0)} ns, ${wires.length} wire times`,
      );
      expect(bounds[bounds.length >> 1]).toBeGreaterThanOrEqual(idealNs);
    });

    test('is said: in the log, by trace and in the metrics', async () => {
      expect(cluster.agents.log('n2')).toContain(`its clock is wrong on purpose: ${wrong.text}`);
      const { summary } = await trace(cluster.agents, ['--for', '1s']);
      expect(summary.clocks['n2'].testClock).toBe(wrong.text);
      const token = readFileSync(cluster.agents.tokenFile, 'utf8').trim();
      const url = `${cluster.agents.url.replace('ws:', 'http:')}/metrics`;
      const metrics = await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
      expect(metrics).toContain(`hoplens_test_clock{clock="${wrong.text}"} 1`);
    });
  },
);
