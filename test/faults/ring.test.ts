/** An agent that does not look at its ring for a while: what it missed is counted, and is nobody else's loss. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents, type Agents } from '../lab/agents.ts';
import { startTraffic } from '../traffic/start.ts';
import { metric, startPing, trace, until, watch, type Watch } from './tools.ts';

const [missing] = await labMissing();

const ringFull = (watched: Watch, node: string): number =>
  watched.last('status', node)?.totals.reduce((sum, hop) => sum + hop.ringFull, 0) ?? 0;

describe.skipIf(missing !== undefined)(`a full ring (needs a machine for labs; missing: ${missing})`, () => {
  let lab: Lab;
  let agents: Agents;
  beforeAll(async () => {
    lab = await createLab('flannel-vxlan', { signals: false });
    // A small budget makes a small ring; following every packet does not keep to it.
    agents = await startAgents(lab, { args: ['--sample', '0', '--budget', '1000'] });
  });
  afterAll(async () => {
    await agents?.stop();
    await lab?.down();
  });

  it('is counted at every hop, makes a blind interval, and is not called a loss of the network', async () => {
    using watched = watch(agents.url, agents.tokenFile);
    await until('a status of the gateway', () => watched.last('status', 'n1'));
    const pings = startPing(lab, 'web', lab.pod('api').ip, 100);
    const traffic = await startTraffic(lab, ['udp'], { client: { udp: ['--rate', '1000'] } });
    await until('traffic in the frames', () => watched.legs('n1') > 20 && watched.legs('n2') > 20);
    expect(ringFull(watched, 'n1')).toBe(0);
    const traced = trace(agents.url, agents.tokenFile, ['--for', '5s']);
    await until('the reader', async () => (await metric(agents.url, 'hoplens_readers ')) >= 2);
    const records = await metric(agents.url, 'hoplens_records_total');
    const gateway = agents.process('n1');
    gateway.kill('SIGSTOP');
    try {
      const sentBefore = await packetsSent(lab);
      await until('packets while nobody looks', async () => (await packetsSent(lab)) > sentBefore + 1000);
    } finally {
      gateway.kill('SIGCONT');
    }
    await until('lost records in the status', () => ringFull(watched, 'n1') > 0);
    await until('records again', async () => (await metric(agents.url, 'hoplens_records_total')) > records);
    const { summary, paths } = await traced;
    const [udp] = await traffic.stop();

    const blind = watched.all('status', 'n1').flatMap((status) => status.blind);
    const full = blind.filter((each) => each.reason === 'ring full');
    expect(full.length).toBeGreaterThan(0);
    expect(full.every((each) => each.toNs > each.fromNs)).toBe(true);
    const hops = watched.last('status', 'n1')!.totals.filter((hop) => hop.ringFull > 0);
    expect(hops.length).toBeGreaterThanOrEqual(4);
    expect(ringFull(watched, 'n2')).toBe(0);
    await until('the same figure in the metrics', async () => {
      const counted = await metric(agents.url, 'hoplens_ring_full_total');
      return counted > 0 && counted === ringFull(watched, 'n1');
    });

    expect(summary.recordsLost).toBeGreaterThan(0);
    expect(summary.lostByUs).toBeGreaterThan(0);
    expect(summary.lostByNetwork.vanished).toBe(0);
    expect(paths.filter((path) => path.verdict === 'vanished')).toEqual([]);
    // A busy machine's pods let their sockets run full: that was a loss, and the kernel says so.
    const reasons = paths.flatMap((path) => path.drop?.reason ?? []);
    expect(reasons.filter((reason) => reason !== 'SOCKET_RCVBUFF')).toEqual([]);
    // That an agent stood still harmed nobody's packets.
    expect(await pings.end()).toEqual([]);
    if (udp?.summary?.kind !== 'udp') throw new Error(`udp: ${udp?.errors}`);
    // What a pod's full socket did not take arrived: a busy machine's doing, and the kernel counts it.
    const refused = (await refusedBySockets(lab, 'web')) + (await refusedBySockets(lab, 'api'));
    expect(udp.summary.sent - udp.summary.replied).toBe(refused);
    expect(summary.lostByNetwork.dropped).toBeLessThanOrEqual(refused);
  });
});

/** Datagrams that found their socket's buffer full. */
async function refusedBySockets(lab: Lab, pod: string): Promise<number> {
  const { stdout } = await lab.exec(pod, ['cat', '/proc/net/snmp']);
  const [names, values] = stdout.split('\n').filter((line) => line.startsWith('Udp: ')).map((line) => line.split(' ')); // prettier-ignore
  return Number(values[names.indexOf('RcvbufErrors')]);
}

/** Packets that node 1 has sent to the wire. */
async function packetsSent(lab: Lab): Promise<number> {
  const { stdout } = await lab.exec('n1', ['cat', '/proc/net/dev']);
  return Number(stdout.split('eth0:')[1].trim().split(/\s+/)[9]);
}
