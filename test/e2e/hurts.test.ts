/** Faults of a real network are found where they are, by the sentence alone. Most of the time goes by with waiting for a minute to compare with. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../agent/insight/explain.ts';
import { changeLoad, steady } from '../quiet/load.ts';
import { hear, type Hearing } from './hearing.ts';
import { missing, startCluster, until, type Cluster } from './support.ts';

/** The window now is full of it 20 s later, and three more seconds say it again. */
const FOUND_MS = 60_000;
const LIMIT_MS = 150_000;
/** `npm run check:quiet` takes ten minutes. */
const QUIET_MS = 40_000;

/** 100 datagrams a second of 292 bytes on the wire, and 242 before the tunnel, with pings beside them, do not fit. */
const tbf = (kbit: number): string[] => ['tbf', 'rate', `${kbit}kbit`, 'burst', '2000', 'limit', '4000'];

describe.skipIf(missing !== undefined)(`what hurts (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;
  let hearing: Hearing;

  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', { lab: { wire: { seed: 5 } }, agents: { args: ['--queues', 'on'] } });
    await steady(cluster.lab);
    hearing = await hear(cluster.agents);
  }, LIMIT_MS); // prettier-ignore
  afterAll(async () => {
    hearing?.[Symbol.dispose]();
    await cluster?.stop();
  });

  /** What is said of this kind while something is so. */
  async function found(is: (finding: Finding) => boolean): Promise<Finding> {
    try {
      await until(() => hearing.findings().some(is), FOUND_MS);
    } catch (error) {
      throw new Error(
        `not found; heard ${hearing.heard
          .slice(-10)
          .map(({ line }) => line)
          .join('\n')}`,
        { cause: error },
      );
    }
    return hearing.findings().find(is)!;
  }

  async function slowedBy(node: string, device: string, kbit: number, segment: string): Promise<[Finding, number]> {
    const fromMs = Date.now();
    await cluster.lab.exec(node, ['tc', 'qdisc', 'add', 'dev', device, 'root', ...tbf(kbit)]);
    try {
      return [await found(({ symptom, place }) => symptom === 'slow' && place.segment === segment), fromMs];
    } finally {
      await cluster.lab.exec(node, ['tc', 'qdisc', 'del', 'dev', device, 'root']);
    }
  }

  /** To the second in which it began, and what the time before it is off by: frames and clocks. */
  const expectSince = ({ sinceMs }: Finding, fromMs: number): void =>
    expect(Math.abs(sinceMs - fromMs)).toBeLessThan(4000);

  test('nothing, for forty seconds under changing load', async () => {
    const before = hearing.turns();
    await changeLoad(cluster.lab, QUIET_MS);
    expect(hearing.turns() - before).toBeGreaterThan(20);
    expect(hearing.heard.filter(({ state }) => state === 'hurts')).toEqual([]);
  }, LIMIT_MS); // prettier-ignore

  test('the queue of one uplink', async () => {
    const [finding, fromMs] = await slowedBy('n1', 'eth0', 220, 'queue');
    expect(finding.place).toMatchObject({ nodes: ['n1'], device: 'eth0' });
    expect(finding.paths.every((path) => path.includes(cluster.lab.pod('web').ip))).toBe(true);
    expectSince(finding, fromMs);
  }, LIMIT_MS); // prettier-ignore

  test('the bridge of one node', async () => {
    const [finding, fromMs] = await slowedBy('n2', 'cni0', 180, 'bridge');
    expect(finding.place).toMatchObject({ nodes: ['n2'], segment: 'bridge' });
    expectSince(finding, fromMs);
  }, LIMIT_MS); // prettier-ignore

  test('a wire in one direction', async () => {
    const fromMs = Date.now();
    await cluster.lab.wire.set({ 'n2>n1': { delayMs: 20 } });
    try {
      const finding = await found(({ symptom, place }) => symptom === 'slow' && place.segment === 'wire');
      expect(finding.place).toMatchObject({ nodes: ['n2', 'n1'] });
      expect(finding.nowNs).toBeGreaterThan(10e6);
      expect(finding.paths).toHaveLength(2);
      expectSince(finding, fromMs);
    } finally {
      await cluster.lab.wire.set({ 'n2>n1': {} });
    }
  }, LIMIT_MS); // prettier-ignore

  test('packets that a rule drops', async () => {
    const { lab } = cluster;
    const rules = 'add table ip hoplens_test; add chain ip hoplens_test c { type filter hook forward priority 0; }; add rule ip hoplens_test c icmp type echo-request drop'; // prettier-ignore
    const fromMs = Date.now();
    await lab.exec('n2', ['nft', rules]);
    try {
      const finding = await found(({ symptom, detail }) => symptom === 'loss' && detail.includes('NETFILTER_DROP'));
      expect(finding).toMatchObject({ place: { nodes: ['n2'] }, shareBefore: 0 });
      expect(finding.detail).toContain('dropped at n2 flannel.1 in the forward hook');
      expect(finding.paths).toEqual([`icmp ${lab.pod('web').ip} ▶ ${lab.pod('api').ip}`]);
      expectSince(finding, fromMs);
    } finally {
      await lab.exec('n2', ['nft', 'delete table ip hoplens_test']);
    }
  }, LIMIT_MS); // prettier-ignore
});
