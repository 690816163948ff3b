import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createLab, labMissing, loadTopology, openLab, removeOrphans, topologyNames, type Lab } from './index.ts';
import { processesOf } from './remove.ts';
import { startTraffic } from '../traffic/start.ts';
import { processStartTime, readState, readStates } from './state.ts';
import { until } from './until.ts';
import { vlanMissing, wireMissing } from './missing.ts';

const [missing] = await labMissing();
const [noWire] = wireMissing();

/** Those with VLANs only where the kernel has any; check:kernels has them. */
async function topologiesHere(): Promise<string[]> {
  const noVlan = missing ?? (await vlanMissing());
  const isHere = async (name: string): Promise<boolean> => noVlan === undefined || !(await loadTopology(name)).vlans;
  const here = await Promise.all(topologyNames().map(isHere));
  return topologyNames().filter((_, place) => here[place]);
}

const topologies = await topologiesHere();

const namespaces = () => (existsSync('/run/netns') ? readdirSync('/run/netns') : []);
const namespacesOf = (id: string) => namespaces().filter((name) => name.startsWith(`hl-${id}-`));

/** Whether a ping comes back; IPv4 or IPv6. */
async function reaches(lab: Lab, from: string, address: string): Promise<boolean> {
  const { status } = await lab.exec(from, ['ping', '-n', '-c', '1', '-W', '2', address], {
    allowFailure: true,
  });
  return status === 0;
}

describe.skipIf(missing !== undefined)(`the lab (needs a machine that can build one; missing: ${missing})`, () => {
  test.each(topologies)('%s: every pod reaches every other over IPv4 and IPv6, then all is gone', async (name) => {
    const lab = await createLab(name, { signals: false });
    try {
      for (const from of lab.pods) {
        for (const to of lab.pods) {
          expect(await reaches(lab, from.name, to.ip), `${from.name} to ${to.name}`).toBe(true);
          expect(await reaches(lab, from.name, to.ip6), `${from.name} to ${to.name}, IPv6`).toBe(true);
        }
      }
      for (const node of lab.nodes)
        for (const pod of lab.pods) expect(await reaches(lab, node.name, pod.ip)).toBe(true);
    } finally {
      await lab.down();
    }
    expect(namespacesOf(lab.id)).toEqual([]);
    expect(readState(lab.id)).toBeNull();
  });

  test('the wire between nodes carries a VXLAN packet 50 bytes longer than the pod sent', async () => {
    await using lab = await createLab('flannel-vxlan', { signals: false });
    await reaches(lab, 'web', lab.pod('api').ip); // neighbours are known now
    const sent = async (device: string) =>
      Number((await lab.exec('n1', ['cat', '/proc/net/dev'])).stdout.split(`${device}:`)[1].trim().split(/\s+/)[8]);
    const before = [await sent('flannel.1'), await sent('eth0')];
    const ping = ['ping', '-n', '-c', '4', '-i', '0.02', '-s', '1000', lab.pod('api').ip];
    await lab.exec('web', ping);
    const inside = (await sent('flannel.1')) - before[0];
    expect(inside).toBe(4 * (1000 + 28)); // a VXLAN device leaves out the Ethernet header that it will carry
    // ARP may add to eth0, never take away.
    expect((await sent('eth0')) - before[1]).toBeGreaterThanOrEqual(inside + 4 * (14 + 50));
  });

  test('labs live side by side with the same addresses, and taking one down leaves the other alone', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => createLab('flannel-vxlan', { signals: false })));
    try {
      expect(one.pod('api').ip).toBe(two.pod('api').ip);
      const marks = [one, two].map((lab, i) =>
        lab.exec('api', ['ip', 'address', 'add', `192.0.2.${i + 1}/32`, 'dev', 'lo']),
      );
      await Promise.all(marks);
      expect(await reaches(one, 'web', one.pod('api').ip)).toBe(true);
      await one.down();
      expect(namespacesOf(one.id)).toEqual([]);
      expect(await reaches(two, 'web', two.pod('api').ip)).toBe(true);
      expect((await two.exec('api', ['ip', '-o', 'address'])).stdout).toContain('192.0.2.2');
    } finally {
      await Promise.all([one.down(), two.down()]);
    }
  });

  test('down ends what runs in the lab, and may be called again', async () => {
    const lab = await createLab('flannel-host-gw', { signals: false });
    const child = lab.spawn('web', ['sh', '-c', 'trap "" TERM; while :; do sleep 1000; done'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(() => processesOf(lab.state).length >= 2); // the shell and its sleep
    await lab.down();
    await ended;
    expect(namespacesOf(lab.id)).toEqual([]);
    await lab.down();
  });

  test('a lab whose owner was killed with -9 is removed by the next start, one whose owner lives is not', async () => {
    await using mine = await createLab('flannel-host-gw', { signals: false });
    const { id, sleeper } = await orphan();
    await removeOrphans();
    expect(namespacesOf(id)).toEqual([]);
    expect(readState(id)).toBeNull();
    await until(() => processStartTime(sleeper) === null);
    expect(await reaches(mine, 'web', mine.pod('api').ip)).toBe(true);
  });

  test('a lab whose owner was killed while building it is removed as well', async () => {
    const id = `k${process.pid % 100_000}`;
    // Laying out the second node is when the namespaces and the cable are there and nothing else.
    const topology = `{ summary: 'killed', nodes: [{ name: 'n1', pods: [] }, { name: 'n2', pods: [] }],
      network: (node) => node.name === 'n2' && existsSync('/run/netns/' + node.netns) ? process.kill(process.pid, 'SIGKILL') : { ip: [], bridge: [], sysctls: {}, pods: [] } }`;
    await expect(owner(`{ id: '${id}' }`, topology)).rejects.toThrow('SIGKILL');
    await removeOrphans(); // or some other start has been faster
    expect(namespacesOf(id)).toEqual([]);
  });

  test('SIGTERM removes the lab and still ends the process', async () => {
    const { child, id } = await owner();
    const ended = new Promise<[number | null, string | null]>((resolve) =>
      child.once('exit', (...how) => resolve(how)),
    );
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(namespacesOf(id)).toEqual([]);
    expect(readState(id)).toBeNull();
  });

  test('a standing lab is no orphan, and anybody may open and remove it', async () => {
    const lab = await createLab('flannel-host-gw', { standing: true, signals: false });
    try {
      await removeOrphans();
      const opened = openLab(lab.id);
      expect(opened.nodes).toEqual(lab.nodes);
      expect((await opened.exec('web', ['ip', '-o', '-4', 'address', 'show', 'eth0'])).stdout).toContain(
        '10.244.1.2/24',
      );
    } finally {
      await lab.down();
    }
    expect(() => openLab(lab.id)).toThrow(`no lab is called "${lab.id}"`);
  });

  test('a topology that cannot be built leaves nothing and says which line failed', async () => {
    const topology = await loadTopology('flannel-vxlan');
    const network: typeof topology.network = (node, nodes) => {
      const layout = topology.network(node, nodes);
      return { ...layout, ip: [...layout.ip, 'link set nothere up'] };
    };
    const id = `t${process.pid % 100_000}`;
    await expect(createLab({ ...topology, network }, { id, signals: false })).rejects.toThrow(
      /at "link set nothere up" failed \(1\): Cannot find device "nothere"/,
    );
    expect(namespacesOf(id)).toEqual([]);
    expect(readStates().map((state) => state.id)).not.toContain(id);
  });

  test('wrong names are refused with the right ones', async () => {
    await using lab = await createLab('flannel-host-gw', { signals: false });
    expect(() => lab.spawn('wbe', ['true'])).toThrow(/no node or pod "wbe": there are n1, n2, web/);
    await expect(createLab('flannel-host-gw', { id: lab.id, signals: false })).rejects.toThrow(
      /there is a lab .* already/,
    );
    await expect(createLab('flannel-host-gw', { id: '../x', signals: false })).rejects.toThrow(/not a lab's name/);
    await expect(createLab('flannel-host-gw', { mtu: 100, signals: false })).rejects.toThrow(/MTU of 100/);
    await expect(lab.exec('web', ['nosuchcommand'])).rejects.toThrow(/nosuchcommand.*failed/);
    expect(() => lab.wire).toThrow(/has no wire/);
  });

  test('offloads and MTU of the uplinks are set', async () => {
    await using lab = await createLab('flannel-vxlan', {
      mtu: 1400,
      offloads: { tso: false, gso: false, gro: true },
      signals: false,
    });
    const features = (await lab.exec('n2', ['ethtool', '-k', 'eth0'])).stdout;
    for (const line of [
      'tcp-segmentation-offload: off',
      'generic-segmentation-offload: off',
      'generic-receive-offload: on',
    ]) {
      expect(features).toContain(line);
    }
    const fits = async (bytes: number) => {
      const ping = ['ping', '-n', '-c', '1', '-W', '2', '-M', 'do', '-s', String(bytes - 28), lab.pod('api').ip];
      return (await lab.exec('web', ping, { allowFailure: true })).status === 0;
    };
    expect([await fits(1350), await fits(1351)]).toEqual([true, false]);
  });

  test.each(['flannel-vxlan', 'calico-routed'])(
    'a service is reached by ClusterIP and NodePort: %s',
    async (topology) => {
      await using lab = await createLab(topology, { signals: false });
      await lab.addService({
        name: 'shop',
        clusterIp: '10.96.0.10',
        port: 80,
        nodePort: 30080,
        pods: ['api'],
        targetPort: 8080,
      });
      await lab.addService({ name: 'local', clusterIp: '10.96.0.11', port: 80, pods: ['web'], targetPort: 8080 });
      await lab.addService({ name: 'six', clusterIp: 'fd00:10:96::10', port: 80, pods: ['api'], targetPort: 8080 });
      const server =
        "require('http').createServer((q, s) => s.end(q.socket.remoteAddress)).listen(8080, () => console.log('up'))";
      for (const pod of ['api', 'web']) {
        const child = lab.spawn(pod, [process.execPath, '-e', server], { stdio: ['ignore', 'pipe', 'inherit'] });
        await new Promise((resolve) => child.stdout!.once('data', resolve));
      }
      const get = async (from: string, url: string) => {
        const client = `fetch('${url}').then((r) => r.text()).then((t) => console.log(t.replace('::ffff:', '')))`;
        return (await lab.exec(from, [process.execPath, '-e', client], { timeoutMs: 10_000 })).stdout.trim();
      };
      expect(await get('web', 'http://10.96.0.10/')).toBe(lab.pod('web').ip);
      expect(await get('data', 'http://10.96.0.10/')).toBe(lab.pod('data').ip); // on the endpoint's own node
      expect(await get('web', 'http://10.96.0.11/')).not.toBe(lab.pod('web').ip); // itself, by its node's address
      expect(await get('web', `http://${lab.node('n1').address}:30080/`)).not.toBe(lab.pod('web').ip);
      expect(await get('n1', 'http://10.96.0.10/')).not.toBe('');
      expect(await get('web', 'http://[fd00:10:96::10]/')).toBe(lab.pod('web').ip6);
      await expect(
        lab.addService({ name: 'empty', clusterIp: '10.96.0.12', port: 80, pods: [], targetPort: 1 }),
      ).rejects.toThrow(/no endpoint/);
    },
  );

  test('traffic of every kind between pods arrives whole', async () => {
    await using lab = await createLab('flannel-vxlan', { signals: false });
    const traffic = await startTraffic(lab, ['ping', 'http', 'bulk', 'udp', 'local'], {
      forMs: 1500,
      six: true,
      client: { bulk: ['--rate-mbit', '50'] },
    });
    const results = await traffic.results;
    expect(results).toHaveLength(10);
    for (const { kind, address, summary, errors } of results) {
      expect(summary, `${kind} to ${address}: ${errors}`).not.toBeNull();
      if (summary!.kind === 'bulk') {
        expect(summary!).toMatchObject({ wrongStreams: 0, unreported: 0 });
        expect(summary!.verifiedBytes).toBe(summary!.sentBytes);
        expect(summary!.sentBytes).toBeGreaterThan(1e6);
      } else if (summary!.kind === 'http') {
        expect(summary!.replies).toBeGreaterThan(10);
        expect(summary!).toMatchObject({ errors: 0, replies: summary!.requests, bytes: summary!.replies * 4000 });
      } else {
        expect(summary!.sent).toBeGreaterThan(5);
        expect(summary!).toMatchObject({ replied: summary!.sent, duplicates: 0 });
      }
    }
  });

  describe.skipIf(noWire !== undefined)(`the wire (missing: ${noWire})`, () => {
    test('a dropped ping is in the log, and no other frame', async () => {
      await using lab = await createLab('flannel-vxlan', { wire: true, signals: false });
      await lab.wire.set({ 'n1>n2': { match: { tunnel: true, protocol: 'icmp' }, dropFrom: 3, dropTo: 3 } });
      const ping = ['ping', '-n', '-c', '5', '-i', '0.05', '-W', '1', lab.pod('api').ip];
      const { stdout } = await lab.exec('web', ping, { allowFailure: true });
      expect(stdout).toContain('4 received');
      expect(stdout).not.toContain('icmp_seq=3 ');
      const log = await lab.wire.log();
      expect(log).toHaveLength(1);
      expect(log[0]).toMatchObject({
        direction: 'n1>n2', matched: 3, action: 'drop', why: 'range', length: 148,
        packet: { vni: 1, source: lab.pod('web').ip, destination: lab.pod('api').ip, protocol: 1, icmpType: 8, icmpSequence: 3, payload: 56 },
      }); // prettier-ignore
      expect(Math.abs(log[0].timeNs - Number(process.hrtime.bigint()))).toBeLessThan(60e9); // CLOCK_MONOTONIC
      expect((await lab.wire.counters())['n1>n2'].dropped).toBe(1);
    });

    test('damage at random is written down frame by frame, and the stream arrives whole all the same', async () => {
      const settings = {
        '*': { match: { tunnel: true }, loss: 0.01, duplicate: 0.01, reorder: 0.01, delayMs: 0.2, jitterMs: 0.2 },
      };
      await using lab = await createLab('flannel-vxlan', { wire: { settings, seed: 42 }, signals: false });
      const client = { bulk: ['--rate-mbit', '20'] };
      const [{ summary }] = await (await startTraffic(lab, ['bulk'], { forMs: 1500, client })).results;
      expect(summary).toMatchObject({ kind: 'bulk', wrongStreams: 0, unreported: 0 });
      const [log, counters, unread] = [await lab.wire.log(), await lab.wire.counters(), await lab.wire.unread()];
      expect(unread).toEqual({ n1: 0, n2: 0 });
      for (const direction of ['n1>n2', 'n2>n1']) {
        const did = (action: string) => log.filter((e) => e.direction === direction && e.action === action).length;
        const { frames, dropped, duplicated, reordered, delivered } = counters[direction];
        expect([did('drop'), did('duplicate'), did('reorder')]).toEqual([dropped, duplicated, reordered]);
        expect(delivered).toBeLessThanOrEqual(frames - dropped + duplicated);
      }
      expect(log.some((e) => e.action === 'drop')).toBe(true);
      expect(log.some((e) => e.action === 'reorder')).toBe(true);
    });

    test('joins three nodes', async () => {
      await using lab = await createLab('flannel-vxlan-three', { wire: true, signals: false });
      for (const to of ['api', 'cache']) expect(await reaches(lab, 'web', lab.pod(to).ip)).toBe(true);
      const counters = await lab.wire.counters();
      expect(Object.keys(counters).sort()).toEqual(['n1>n2', 'n1>n3', 'n2>n1', 'n2>n3', 'n3>n1', 'n3>n2']);
      expect(counters['n1>n3'].delivered).toBeGreaterThanOrEqual(1);
    });

    test('refuses rules it does not know, and says so when it is gone', async () => {
      await using lab = await createLab('flannel-host-gw', { wire: true, signals: false });
      const { wire } = lab;
      await expect(wire.set({ 'n1>n3': {} })).rejects.toThrow('no direction "n1>n3"');
      await expect(wire.set({ '*': { loss: 7 } })).rejects.toThrow('probability');
      await lab.down();
      await expect(wire.counters()).rejects.toThrow('it has ended');
    });

    test('stands with a standing lab after its maker has ended', async () => {
      const { child, id } = await owner(`{ wire: true, standing: true, signals: false }`);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      const lab = openLab(id);
      try {
        expect(await reaches(lab, 'web', lab.pod('api').ip)).toBe(true);
      } finally {
        await lab.down();
      }
      expect(namespacesOf(id)).toEqual([]);
    });
  });
});

/** A process of its own that makes a lab, starts a sleeper in it, says so and waits. */
async function owner(options = '{}', topology = "'flannel-host-gw'") {
  const index = pathToFileURL(fileURLToPath(new URL('./index.ts', import.meta.url))).href;
  const script = `import { createLab } from '${index}';
    import { existsSync } from 'node:fs';
    const lab = await createLab(${topology}, ${options});
    const { pid } = lab.spawn('web', ['sleep', '1000'], { stdio: 'ignore' });
    console.log(JSON.stringify({ id: lab.id, sleeper: pid }));
    setInterval(() => {}, 1000);`;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const argv = ['--import', tsx, '--input-type=module', '-e', script];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (status, signal) => reject(new Error(`the owner ended with ${status ?? signal}`)));
  });
  return { child, ...(JSON.parse(line) as { id: string; sleeper: number }) };
}

async function orphan() {
  const { child, id, sleeper } = await owner();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  return { id, sleeper };
}
