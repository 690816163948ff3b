/** What the kernel drops is told with its place and reason, and counted as what it is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PathView } from '../../agent/paths/view.ts';
import { byRule } from './causes/places.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { verdictMs, watch } from './watch.ts';
import { wayOf } from './ways.ts';

const PINGS = 20;

describe.skipIf(missing !== undefined)(`drops (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan');
  });
  afterAll(() => cluster.stop());

  /** Pings from web to api while a ruleset is in force on a node. */
  async function pingUnder(node: string, rules: string) {
    const { lab } = cluster;
    const keep = (view: PathView): boolean => view.protocol === 1;
    await lab.exec(node, ['nft', rules]);
    try {
      const ping = ['ping', '-n', '-c', String(PINGS), '-i', '0.02', '-W', '1', lab.pod('api').ip];
      return await watch(cluster, () => lab.exec('web', ping, { allowFailure: true }), { verdictMs, keep });
    } finally {
      await lab.exec(node, ['nft', 'delete table ip hoplens_test']);
    }
  }

  test('by a rule in the forward hook of the second node', async () => {
    const rules = 'add table ip hoplens_test; add chain ip hoplens_test c { type filter hook forward priority 0; }; add rule ip hoplens_test c icmp type echo-request drop'; // prettier-ignore
    const { paths, summary, nodes } = await pingUnder('n2', rules);
    expect(paths).toHaveLength(PINGS);
    for (const path of paths) {
      expect(path).toMatchObject({
        verdict: 'dropped', ambiguous: false,
        drop: byRule('n2', 'flannel.1', 'forward'),
      }); // prettier-ignore
      expect(wayOf(path).at(-1)).toMatch(/^n2 flannel.1 vxlan ingress/);
    }
    expect(summary.lostByNetwork).toEqual({ dropped: PINGS, vanished: 0 });
    const untold = nodes.get('n2')!.statuses.at(-1)!.drops!.untold;
    expect(untold).toBeGreaterThanOrEqual(0); // and not null
  });
});
