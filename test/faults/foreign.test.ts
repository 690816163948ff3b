/** Somebody else's tc and tcx programs beside the real agent: all run, in their own order, with us and without us. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents, type Agents } from '../lab/agents.ts';
import { createChain, inNetns, tcxPrograms, whilePinned, type Chain, type Direction } from './bpf.ts';
import { ping, tracePings, until, watch, wholeWays } from './tools.ts';

const [missing] = await labMissing();
const DEVICE = 'vethweb';
const directions: Direction[] = ['ingress', 'egress'];

describe.skipIf(missing !== undefined).each(['tcx', 'clsact'] as const)(
  `foreign programs, ours with %s hooks (needs a machine for labs with tcx; missing: ${missing})`,
  (hooks) => {
    /** Two of tcx and two of tc, of each kind one from before our agent and one from after it. */
    const chains: Partial<Record<Direction, Chain>> = {};
    let lab: Lab;
    let agents: Agents | undefined;
    let ifindex: number;
    beforeAll(async () => {
      lab = await createLab('flannel-vxlan', { signals: false });
      const [link] = JSON.parse((await lab.exec('n1', ['ip', '-j', 'link', 'show', DEVICE])).stdout) as [{ ifindex: number }]; // prettier-ignore
      ifindex = link.ifindex;
      for (const direction of directions) chains[direction] = createChain(4);
    });
    afterAll(async () => {
      for (const chain of Object.values(chains)) chain.close();
      await agents?.stop();
      await lab?.down();
    });

    const attachTcx = (place: number) =>
      inNetns(lab.netns('n1'), () => directions.forEach((direction) => chains[direction]!.attachTcx(place, ifindex, direction))); // prettier-ignore

    async function attachTc(place: number): Promise<void> {
      await lab.exec('n1', ['tc', 'qdisc', 'add', 'dev', DEVICE, 'clsact'], { allowFailure: true });
      for (const direction of directions) {
        const where = ['dev', DEVICE, direction, 'pref', String(10 + place), 'protocol', 'all'];
        await whilePinned(
          (path) => chains[direction]!.pin(place, path),
          (path) => lab.exec('n1', ['tc', 'filter', 'add', ...where, 'bpf', 'da', 'object-pinned', path]),
        );
      }
    }

    const foreignTcx = (direction: Direction): string[] =>
      inNetns(lab.netns('n1'), () => tcxPrograms(ifindex, direction)).filter((name) => name.startsWith('foreign'));

    async function foreignTc(direction: Direction): Promise<string[]> {
      const { stdout } = await lab.exec('n1', ['tc', 'filter', 'show', 'dev', DEVICE, direction]);
      return [...stdout.matchAll(/pref (\d+) bpf .*foreign/g)].map((match) => match[1]);
    }

    /** Pings, and gives by how much each program's count rose; a program counts only in its turn. */
    async function runsOf(pings: number): Promise<Record<Direction, number[]>> {
      const before = directions.map((direction) => chains[direction]!.counts());
      const { status } = await ping(lab, 'web', lab.pod('api').ip, pings);
      expect(status).toBe(0);
      const rise = (place: number): number[] =>
        chains[directions[place]]!.counts().map((count, i) => count - before[place][i]);
      return { ingress: rise(0), egress: rise(1) };
    }

    async function expectAllInOrder(pings: number): Promise<void> {
      const runs = await runsOf(pings);
      for (const direction of directions) {
        expect(runs[direction][0], direction).toBeGreaterThanOrEqual(pings);
        expect(new Set(runs[direction]).size, `${direction}: ${runs[direction].join(' ')}`).toBe(1);
        expect(foreignTcx(direction)).toEqual(['foreign0', 'foreign1']);
        expect(await foreignTc(direction)).toEqual(['12', '13']);
      }
    }

    it('run in the same order while the agent runs, after it was killed, and after it ended', async () => {
      attachTcx(0);
      await attachTc(2);
      agents = await startAgents(lab, { args: ['--hooks', hooks, '--sample', '0'] });
      attachTcx(1);
      await attachTc(3);
      await expectAllInOrder(20);

      using watched = watch(agents.url, agents.tokenFile);
      await until('their number beside the device', () => {
        const device = watched.last('devices', 'n1')?.devices.find((each) => each.name === DEVICE);
        return device?.foreignPrograms.ingress === 4 && device.foreignPrograms.egress === 4;
      });
      const traced = await tracePings(lab, agents, 'web', 'api', ['--count', '40', '--for', '10s']);
      const first = wholeWays(traced).filter((path) => path.hops[0].device === DEVICE);
      expect(first.length).toBeGreaterThan(15);

      await agents.end('n1', 'SIGKILL');
      await expectAllInOrder(20);
      await agents.start('n1');
      await expectAllInOrder(20);
      expect(await agents.end('n1')).toBe(0);
      await expectAllInOrder(20);
    });
  },
);
