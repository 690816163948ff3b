/** The agents keep their budgets while the load goes from nothing to full speed and back, and join all the same. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PathView } from '../../agent/paths/view.ts';
import type { HopTotals, Status } from '../../agent/wire/messages.ts';
import { startTraffic } from '../traffic/start.ts';
import { expectJoined } from './joined.ts';
import { missing, startCluster, until, type Cluster } from './support.ts';
import { fullSpeed, load, longer, passed, verdictMs, watch, type SeenNode, type Watching } from './watch.ts';

const BUDGETS: Record<string, number> = { n1: load(2000), n2: load(6000) };

const sum = (status: Status, what: keyof HopTotals): number =>
  status.totals.reduce((all, hop) => all + Number(hop[what]), 0);

const client = { bulk: ['--connections', '4', ...fullSpeed], http: ['--rate', String(load(200))] };

/** Records a second between two statuses. */
const rate = (from: Status, to: Status): number =>
  ((sum(to, 'records') - sum(from, 'records')) / (to.timeNs - from.timeNs)) * 1e9;

/** The exponent of marks in force when a node spoke last. */
const exponentOf = ({ statuses }: SeenNode): number => statuses.at(-1)!.exponents.at(-1)!.marks;

describe.skipIf(missing !== undefined)(`the budget of records (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', { agents: { args: (node) => ['--budget', String(BUDGETS[node])] } });
  });
  afterAll(() => cluster.stop());

  test('idle, full speed, idle', async () => {
    const names = Object.keys(BUDGETS);
    const exponents = (nodes: Map<string, SeenNode>): number[] => names.map((name) => exponentOf(nodes.get(name)!));
    const { nodes, summary } = await watch(
      cluster,
      async (watching) => {
        expect(exponents(watching.nodes)).toEqual([0, 0]);
        const traffic = await startTraffic(cluster.lab, ['bulk', 'http'], { client });
        await passed(watching, 2); // the exponent is found
        const told = await passed(watching, 4);
        for (const [name, statuses] of told) expectKept(BUDGETS[name], statuses);
        await traffic.stop();
        await until(() => exponents(watching.nodes).every((exponent) => exponent === 0));
      },
      { keep: () => false, verdictMs },
    );
    for (const node of nodes.values()) expectBlindWhereCapped(node);
    expect(summary.joinable).toBeGreaterThan(load(100));
    // The first moment of the load was too much: that is ours, and said.
    expect(summary.joinableJoined + summary.lostByUs).toBeGreaterThanOrEqual(summary.joinable * 0.999);
  });

  function expectKept(budget: number, statuses: Status[]): void {
    const records = rate(statuses[0], statuses.at(-1)!);
    const told = JSON.stringify(
      statuses.map((status, i) => [status.exponents.at(-1), i > 0 && rate(statuses[i - 1], status)]),
    );
    expect(records, told).toBeLessThanOrEqual(budget);
    // Where the machine carries so little that everything fits, everything is followed.
    const isSampled = statuses.every(({ exponents }) => exponents.every(({ marks }) => marks > 0));
    if (isSampled) expect(records, told).toBeGreaterThanOrEqual(budget * 0.4);
  }

  /** Whatever a hop could not write is said, with the time in which absence therefore proves nothing. */
  function expectBlindWhereCapped({ statuses }: SeenNode): void {
    let lost = 0;
    for (const [i, status] of statuses.entries()) {
      for (const [what, reason] of [
        ['capped', 'capped'],
        ['ringFull', 'ring full'],
      ] as const) {
        const rise = i === 0 ? 0 : sum(status, what) - sum(statuses[i - 1], what);
        lost += rise;
        // The counter may have risen between the last look at it and the status.
        const said = [status, statuses[i + 1]].some((one) => one?.blind.some((blind) => blind.reason === reason));
        if (rise > 0) expect(said, `${rise} records lost to ${reason}`).toBe(true);
      }
    }
    expect(lost).toBeGreaterThan(0);
  }
});

describe.skipIf(missing !== undefined)(
  `nodes that sample differently (needs root and a lab; missing: ${missing})`,
  () => {
    let cluster: Cluster;
    beforeAll(async () => {
      const args = (node: string): string[] => ['--sample', node === 'n1' ? '15' : '18'];
      cluster = await startCluster('flannel-vxlan', { agents: { args } });
    });
    afterAll(() => cluster.stop());

    test('share what the coarser one follows, and join all of it', async () => {
      const traffic = await startTraffic(cluster.lab, ['bulk', 'http'], { client });
      let whole = 0;
      const keep = ({ kind, hopCount }: PathView): boolean => {
        if (kind === 0 && hopCount === 8) whole++;
        return kind === 0;
      };
      const enough = async (watching: Watching): Promise<void> => {
        await passed(watching, longer(2));
        await until(() => whole > load(100)); // however slow the machine
      };
      const { summary, paths } = await watch(cluster, enough, { keep });
      await traffic.stop();
      expect(summary.exponents).toEqual({ n1: 15, n2: 18 });
      expectJoined(summary, load(100), Infinity); // full speed may be more than the kernel takes
      const marks = paths.filter(({ hops }) => hops.length === 8).map(({ records }) => records[0].mark);
      expect(marks.length).toBeGreaterThan(load(100));
      expect(marks.filter((mark) => mark % 2 ** 18 !== 0)).toEqual([]);
      // What only the finer one follows was seen there, and is no loss.
      const own = paths.filter(({ source, hops }) => source.node === 'n1' && hops.length === 4);
      expect(own.length).toBeGreaterThan(marks.length);
      expect(new Set(own.map(({ verdict }) => verdict))).toEqual(new Set(['unseen']));
    });
  },
);
