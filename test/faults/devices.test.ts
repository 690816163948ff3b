/** Devices that go while our programs sit there, and devices that come and go by the thousand. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents, type Agents } from '../lab/agents.ts';
import { ipBatch } from '../lab/run.ts';
import { tracePings, until, usage, watch, wholeWays, type Watch } from './tools.ts';

const [missing] = await labMissing();

/** All packets that a node's hop of this device has counted, both directions. */
function packetsAt(watched: Watch, node: string, name: string): number {
  const device = watched.last('devices', node)?.devices.find((each) => each.name === name);
  const totals = watched.last('status', node)?.totals.filter((hop) => hop.ifindex === device?.ifindex) ?? [];
  return totals.reduce((sum, hop) => sum + hop.packets, 0);
}

const deviceOf = (watched: Watch, node: string, name: string) =>
  watched.last('devices', node)?.devices.find((each) => each.name === name);

describe.skipIf(missing !== undefined)(
  `devices that come and go (needs a machine for labs; missing: ${missing})`,
  () => {
    let lab: Lab;
    let agents: Agents;
    beforeAll(async () => {
      lab = await createLab('flannel-vxlan', { signals: false });
      // Without an address of its own a bridge takes that of a port, and another when ports come: the pods would go on
      // speaking to the former one until their neighbour entries are old.
      await ipBatch(['link set cni0 address 02:00:00:00:00:01'], lab.netns('n1'));
      agents = await startAgents(lab, { args: ['--sample', '0'] });
    });
    afterAll(async () => {
      await agents?.stop();
      await lab?.down();
    });

    it('a pod removed under traffic leaves the others measured, and the next pod is measured too', async () => {
      using watched = watch(agents.url, agents.tokenFile);
      const others = lab.spawn('web', ['ping', '-n', '-q', '-i', '0.02', lab.pod('api').ip], { stdio: 'ignore' });
      const leaving = lab.spawn('shop', ['ping', '-n', '-q', '-i', '0.002', lab.pod('data').ip], { stdio: 'ignore' });
      try {
        await until('packets of the pod that leaves', () => packetsAt(watched, 'n1', 'vethshop') > 100);
        await ipBatch(['link del vethshop'], lab.netns('n1'));
        await until('a devices message without it', () => {
          const devices = watched.last('devices', 'n1')!.devices;
          return devices.length > 0 && !devices.some((device) => device.name === 'vethshop');
        });
        const before = packetsAt(watched, 'n1', 'vethweb');
        await until('more packets of the other pod', () => packetsAt(watched, 'n1', 'vethweb') > before + 50);
        expect(watched.all('status', 'n1').flatMap((status) => status.blind)).toContainEqual(
          expect.objectContaining({ reason: 'device' }),
        );

        const link = `link add vethnew netns ${lab.netns('n1')} type veth peer name eth0 netns ${lab.netns('shop')}`;
        await ipBatch([link]);
        const { ip } = lab.pod('shop');
        await ipBatch([`address add ${ip}/24 dev eth0`, 'link set eth0 up', 'route add default via 10.244.1.1'], lab.netns('shop')); // prettier-ignore
        await ipBatch(['link set vethnew master cni0 up'], lab.netns('n1'));
        await until('the new device with our programs', () => deviceOf(watched, 'n1', 'vethnew')?.attached);
        expect(deviceOf(watched, 'n1', 'vethnew')).toMatchObject({ kind: 'pod', attached: true });
      } finally {
        others.kill('SIGINT');
        leaving.kill('SIGKILL');
      }
      const traced = await tracePings(lab, agents, 'shop', 'api', ['--for', '3s']);
      const begun = wholeWays(traced).filter((path) => path.hops[0].device === 'vethnew');
      expect(begun.length).toBeGreaterThan(50);
      expect(traced.summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
      expect(agents.process('n1').exitCode).toBeNull();
      expect(agents.log('n1')).not.toMatch(/error|fail/i);
    });

    it('1,000 veth pairs come and go: nothing is left of them, and measuring goes on', async () => {
      using watched = watch(agents.url, agents.tokenFile);
      const n1 = agents.process('n1').pid!;
      await until('a status', () => watched.last('status', 'n1'));
      const before = usage(n1);
      const attached = new Set<number>();
      const load = lab.spawn('web', ['ping', '-n', '-q', '-i', '0.01', lab.pod('api').ip], { stdio: 'ignore' });
      try {
        for (let round = 0; round < 10; round++) {
          const names = Array.from({ length: 100 }, (_, i) => `churn${round}x${i}`);
          const [node, pod] = [lab.netns('n1'), lab.netns('shop')];
          await ipBatch(
            names.map((name) => `link add ${name} netns ${node} group 7 up type veth peer name ${name} netns ${pod}`),
          );
          const held = () => watched.last('devices', 'n1')!.devices.filter((each) => each.attached && names.includes(each.name)); // prettier-ignore
          await until('some of them attached', () => held().length >= 5);
          for (const device of held()) attached.add(device.ifindex);
          // All at once, as a node's pods go: one by one the kernel takes 20 ms for each, without us too.
          await ipBatch(['link del group 7'], node);
        }
        await until('devices without any of them', () =>
          watched.last('devices', 'n1')!.devices.every((each) => !each.name.startsWith('churn')),
        );
        const statuses = watched.all('status', 'n1').length;
        await until('two statuses more', () => watched.all('status', 'n1').length >= statuses + 2);
      } finally {
        load.kill('SIGINT');
      }
      expect(attached.size).toBeGreaterThanOrEqual(50);
      const totals = watched.last('status', 'n1')!.totals;
      expect(totals.reduce((sum, hop) => sum + hop.ringFull, 0)).toBe(0);
      expect(new Set(totals.map((hop) => hop.ifindex)).size).toBeLessThan(10);

      const after = usage(n1);
      // Two links and their files at each of 1,000 devices would be thousands; connections of readers are a few.
      expect(after.files).toBeLessThan(before.files + 20);
      // Room for a heap that was not collected yet.
      expect(after.rssBytes).toBeLessThan(before.rssBytes + (40 << 20));
      const traced = await tracePings(lab, agents, 'web', 'api', ['--for', '3s']);
      const ways = traced.paths.slice(0, 4).map((path) => path.hops.map((hop) => hop.device).join(' '));
      expect(wholeWays(traced).length, `${JSON.stringify(traced.summary)} ${ways.join('; ')}`).toBeGreaterThan(100);
      expect(traced.summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
    });
  },
);
