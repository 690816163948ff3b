/** Agents that end without a word, come back, or meet each other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents, type Agents } from '../lab/agents.ts';
import { startTraffic } from '../traffic/start.ts';
import { inNetns, tcxPrograms } from './bpf.ts';
import { hoplens, metric, startPing, trace, tracePings, until, watch, wholeWays } from './tools.ts';

const [missing] = await labMissing();
const devices = ['vethweb', 'vethshop', 'cni0', 'flannel.1', 'eth0'];

/** Our programs at a node's devices, over both kinds of hooks. */
async function ourPrograms(lab: Lab, node: string): Promise<number> {
  const links = JSON.parse((await lab.exec(node, ['ip', '-j', 'link'])).stdout) as {
    ifindex: number;
    ifname: string;
  }[];
  let count = 0;
  for (const { ifindex, ifname } of links.filter((link) => devices.includes(link.ifname))) {
    for (const direction of ['ingress', 'egress'] as const) {
      const tcx = inNetns(lab.netns(node), () => tcxPrograms(ifindex, direction));
      const clsact = (await lab.exec(node, ['tc', 'filter', 'show', 'dev', ifname, direction])).stdout;
      count +=
        tcx.filter((name) => name.startsWith('hoplens')).length + (clsact.match(/hoplens_\w+:?\[?/g) ?? []).length;
    }
  }
  return count;
}

describe.skipIf(missing !== undefined).each(['tcx', 'clsact'] as const)(
  `an agent killed under load, %s hooks (needs a machine for labs; missing: ${missing})`,
  (hooks) => {
    let lab: Lab;
    let agents: Agents;
    beforeAll(async () => {
      lab = await createLab('flannel-vxlan', { signals: false });
      agents = await startAgents(lab, { args: ['--hooks', hooks], gateway: 'n2' });
    });
    afterAll(async () => {
      await agents?.stop();
      await lab?.down();
    });

    it('loses no packet, leaves nothing that stays, and is followed again when it is back', async () => {
      const clean = (await ourPrograms(lab, 'n1')) === 2 * devices.length;
      expect(clean).toBe(true);
      const pings = startPing(lab, 'web', lab.pod('api').ip, 200);
      const traffic = await startTraffic(lab, ['bulk'], { client: { bulk: ['--rate-mbit', '200'] } });
      using watched = watch(agents.url, agents.tokenFile);
      await until('both nodes', () => watched.legs('n1') > 10 && watched.legs('n2') > 10);

      const across = trace(agents.url, agents.tokenFile, ['--for', '5s']);
      await until('another reader', async () => (await metric(agents.url, 'hoplens_readers ')) >= 2);
      await until(
        'more frames',
        (
          (before) => () =>
            watched.legs('n1') > before + 20
        )(watched.legs('n1')),
      );
      expect(await agents.end('n1', 'SIGKILL')).toBeNull();
      const peerOf = () => watched.last('peers')?.peers.find((peer) => peer.node === 'n1');
      await until('the peer down', () => peerOf()?.state === 'down');
      expect(peerOf()!.error).toMatch(/closed the stream|connection|nobody listens/);
      expect(await metric(agents.url, 'hoplens_peer_up', /n1/)).toBe(0);
      if (hooks === 'tcx') expect(await ourPrograms(lab, 'n1')).toBe(0);
      else expect(await ourPrograms(lab, 'n1')).toBe(2 * devices.length);

      // The other node is traced meanwhile: its share of each path, without an entry where the packet came from n1.
      const half = await trace(agents.url, agents.tokenFile, ['--count', '30', '--for', '10s', '--partial', 'icmp']);
      expect(half.paths.length).toBe(30);
      expect(new Set(half.paths.flatMap((path) => path.hops.map((hop) => hop.node)))).toEqual(new Set(['n2']));

      await agents.start('n1');
      await until('the peer up', () => peerOf()?.state === 'up');
      expect(await ourPrograms(lab, 'n1')).toBe(2 * devices.length);
      const whole = await trace(agents.url, agents.tokenFile, ['--count', '100', '--for', '10s', 'icmp']);
      expect(wholeWays(whole).length).toBeGreaterThan(90);

      // Who looks all the while does not call lost what the dead agent could not tell.
      const { summary } = await across;
      expect(summary.joined).toBeGreaterThan(100);
      expect(summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });

      const answers = pings.answers().length;
      await until('answers after all that', () => pings.answers().length > answers + 20);
      expect(await pings.end()).toEqual([]);
      const [bulk] = await traffic.stop();
      expect(bulk.errors).toBe('');
      expect(bulk.summary).toMatchObject({ wrongStreams: 0, unreported: 0 });
      expect(await agents.end('n1')).toBe(0);
      expect(await ourPrograms(lab, 'n1')).toBe(0);
    });
  },
);

describe.skipIf(missing !== undefined)(`agents that meet (needs a machine for labs; missing: ${missing})`, () => {
  let lab: Lab;
  let agents: Agents;
  beforeAll(async () => {
    lab = await createLab('flannel-vxlan', { signals: false });
    agents = await startAgents(lab);
  });
  afterAll(async () => {
    await agents?.stop();
    await lab?.down();
  });

  it('a second agent in one network namespace is refused, and the first does not notice', async () => {
    const before = await ourPrograms(lab, 'n2');
    const second = await hoplens(['agent', '--listen', '127.0.0.1:0'], ['nsenter', `--net=/run/netns/${lab.netns('n2')}`]); // prettier-ignore
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toBe('hoplens agent: claiming the network namespace: another hoplens agent runs in it\n');
    expect(await ourPrograms(lab, 'n2')).toBe(before);
    const traced = await tracePings(lab, agents, 'web', 'api', ['--count', '20', '--for', '10s']);
    expect(wholeWays(traced).length).toBeGreaterThan(10);
  });

  it('a peer that goes and comes back is told to readers, who see whole paths again', async () => {
    using watched = watch(agents.url, agents.tokenFile);
    const stateOf = () => watched.last('peers')?.peers[0];
    await until('the peer up', () => stateOf()?.state === 'up');
    expect(stateOf()).toMatchObject({ node: 'n2' });

    expect(await agents.end('n2')).toBe(0);
    await until('the peer down', () => stateOf()?.state === 'down');
    await until('why', () => /nobody listens at .*is the agent running/.test(stateOf()!.error ?? ''));
    await agents.start('n2');
    await until('the peer up', () => stateOf()?.state === 'up');
    expect(stateOf()!.error).toBeUndefined();
    await until('its new hello', () => watched.all('hello', 'n2').length >= 2);

    const traced = await tracePings(lab, agents, 'web', 'api', ['--for', '2s']);
    expect(wholeWays(traced).length).toBeGreaterThan(50);
    expect(traced.summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
  });
});
