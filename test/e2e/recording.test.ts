/** A recording made during traffic tells, played again, the same paths as the agents did, and so does what they remember. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { missing, startCluster, startHoplens, trace, until, type Cluster, type Traced } from './support.ts';
import { startTraffic } from '../traffic/start.ts';
import { lasting, load } from './watch.ts';
import { wayOf } from './ways.ts';

const WAY = [
  'n1 vethweb pod ingress', 'n1 cni0 bridge ingress', 'n1 flannel.1 vxlan egress', 'n1 eth0 uplink egress',
  'n2 eth0 uplink ingress', 'n2 flannel.1 vxlan ingress', 'n2 cni0 bridge egress', 'n2 vethapi pod egress',
]; // prettier-ignore

/** One ping of `--one`: its devices in order, the outer packet's bytes between two nodes, and its end. */
const DRAWN =
  /n1 +vethweb in[^]+cni0 in[^]+flannel\.1 out[^]+eth0 out +148 B = 98 \+ 50[^]+n2 +eth0 in[^]+cni0 out[^]+delivered at n2 vethapi · total /;

const CHANGES = ['n2 br9 (bridge) is new', 'n1 route blackhole 10.9.0.0/16 is new'];

/** Plays a recording on any port and traces it to its end. */
async function traceRecording(file: string, args: string[]): Promise<Traced> {
  const replay = startHoplens(['replay', file, '--listen', '127.0.0.1:0']);
  const said = await replay.says('it plays as soon as');
  const url = / at (\S+);/.exec(said)![1];
  try {
    return await trace({ url }, args);
  } finally {
    replay.kill();
    await replay.ended;
  }
}

describe.skipIf(missing !== undefined)(
  `record, replay and trace --since (needs root and a lab; missing: ${missing})`,
  () => {
    let folder: string;
    let file: string;
    let cluster: Cluster;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'hoplens-recording-'));
      file = join(folder, 'pings.hoplens');
      cluster = await startCluster('flannel-vxlan');
    });
    afterAll(async () => {
      rmSync(folder, { recursive: true, force: true });
      await cluster.stop();
    });

    test('hold the same paths', async () => {
      const { agents, lab } = cluster;
      const traffic = await startTraffic(lab, ['ping', 'bulk'], {
        client: { bulk: ['--rate-mbit', String(load(50))], ping: ['--rate', '20'] },
      });
      const gateway = ['--gateway', agents.url, '--token-file', agents.tokenFile];
      const record = startHoplens(['record', '--out', file, '--for', lasting(6), ...gateway]);
      const one = startHoplens(['trace', '--one', ...gateway, `src host ${lab.pod('web').ip} and icmp`]);
      onTestFinished(() => [record, one].forEach((running) => running.kill()));
      // With packets in it, not only with what nodes say of themselves.
      await until(() => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 50_000);
      const changedMs = Date.now();
      await lab.exec('n2', ['ip', 'link', 'add', 'br9', 'type', 'bridge']);
      await lab.exec('n1', ['ip', 'route', 'add', 'blackhole', '10.9.0.0/16']);
      const live = await trace(agents, ['--for', '2s', 'icmp', 'or', 'tcp']);
      expect(await one.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(DRAWN) as string });
      const { code, stderr } = await record.ended;
      const remembered = await trace(agents, ['--since', lasting(20), '--for', '0s', 'icmp', 'or', 'tcp']);
      await traffic.stop();
      expect([code, stderr]).toEqual([0, expect.stringContaining(file)]);

      const played = await traceRecording(file, ['icmp', 'or', 'tcp']);
      expect(played.summary).toMatchObject({
        ambiguous: 0,
        lostByUs: 0,
        framesMissed: 0,
        lostByNetwork: { vanished: 0 },
      });
      expect(Object.keys(played.summary.clocks)).toEqual(['n1', 'n2']);
      // What changed meanwhile, played again and remembered: the latter in its own time.
      for (const { changes } of [played, remembered])
        expect(changes.map(({ node, text }) => `${node} ${text}`)).toEqual(expect.arrayContaining(CHANGES));
      const bridge = remembered.changes.find(({ text }) => text === 'br9 (bridge) is new')!;
      expect(Math.abs(Date.parse(bridge.time) - changedMs)).toBeLessThan(5000);
      for (const protocol of ['icmp', 'tcp']) {
        const requests = played.paths.filter(
          (path) =>
            path.protocol === protocol && path.source.ip === lab.pod('web').ip && path.destination.node === 'n2',
        );
        expect(requests.length).toBeGreaterThan(20);
        for (const path of requests) {
          expect(wayOf(path).map((hop) => hop.slice(0, hop.lastIndexOf(' ')))).toEqual(WAY);
          expect(path).toMatchObject({ verdict: 'delivered', encapsulation: { protocol: 'vxlan', bytes: 50 } });
        }
      }
      // The very same packets, to the nanosecond on each node.
      const exact = ({ segments }: Traced['paths'][number]): (number | null)[] =>
        segments.filter(({ boundNs }) => boundNs === 0).map(({ durationNs }) => durationNs);
      const held = ({ paths }: Traced): Traced['paths'] => {
        const again = new Map(paths.map((path) => [path.identity, exact(path)]));
        const both = live.paths.filter(({ identity }) => again.has(identity));
        expect(both.map(({ identity }) => again.get(identity))).toEqual(both.map(exact));
        return both;
      };
      expect(held(played).length).toBeGreaterThanOrEqual(live.paths.length / 2);
      // Agents may have begun as late as the trace did.
      expect(held(remembered).slice(-live.paths.length / 2)).toEqual(live.paths.slice(-live.paths.length / 2));
      expect(remembered.summary).toMatchObject({ lostByUs: 0, framesMissed: 0, lostByNetwork: { vanished: 0 } });
    });
  },
);
