/** Names instead of addresses: one agent's file names the pods of both nodes, follows the file, and a recording keeps them. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonPath } from '../../agent/paths/json.ts';
import { labNames, podName, writeNames } from '../lab/names.ts';
import { startTraffic, type Traffic } from '../traffic/start.ts';
import { missing, startCluster, startHoplens, trace, until, type Cluster } from './support.ts';
import { lasting } from './watch.ts';

const service = {
  name: 'api', clusterIp: '10.96.0.10', port: 80, nodePort: 30080, pods: ['api'], targetPort: 8080,
}; // prettier-ignore
const HOSTILE = '<img onerror>\x1b[2J';

describe.skipIf(missing !== undefined)(`names of pods (needs root and a lab; missing: ${missing})`, () => {
  let cluster: Cluster;
  let traffic: Traffic[];

  const traced = async (filter: string): Promise<JsonPath[]> =>
    (await trace(cluster.agents, [filter, '--for', '1s'])).paths;
  const log = (): string => cluster.agents.log('n1');

  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', { agents: { names: true } });
    const { lab } = cluster;
    await lab.addService(service);
    const to = (address: string, port: number): string[] => ['--to', address, '--port', String(port), '--rate', '50'];
    traffic = [
      await startTraffic(lab, ['http'], { client: { http: to(service.clusterIp, service.port) } }),
      await startTraffic(lab, ['local'], { client: { local: to(lab.node('n2').address, service.nodePort) } }),
    ];
  });
  afterAll(async () => {
    for (const each of traffic ?? []) await each.stop();
    await cluster?.stop();
  });

  test('stand at both ends, and a Service that came with a new version of the file is told', async () => {
    const before = await traced('pod:web and tcp');
    expect(before.length).toBeGreaterThan(10);
    expect(before.every(({ source, destination }) => source.service === null && destination.service === null)).toBe(true);
    writeNames(cluster.agents.namesFile, labNames(cluster.lab));
    await until(async () => (await traced('service:api')).length > 0);
    const paths = await traced('service:demo/api and not latency>10s');
    const web = { pod: podName('web'), namespace: 'demo', workload: 'web', node: 'n1', service: null };
    const api = { pod: podName('api'), namespace: 'demo', workload: 'api', node: 'n2', service: 'api' };
    const requests = paths.filter((path) => path.source.pod === web.pod && path.hops[0].destination === '10.96.0.10:80');
    const answers = paths.filter((path) => path.destination.pod === web.pod && path.hops.at(-1)!.source === '10.96.0.10:80');
    expect([requests.length, answers.length].every((count) => count > 10)).toBe(true);
    for (const path of requests) expect([path.source, path.destination]).toMatchObject([web, api]);
    for (const path of answers) expect([path.source, path.destination]).toMatchObject([api, web]);
  }); // prettier-ignore

  test('a Service is told by its node port too', async () => {
    const node = `${cluster.lab.node('n2').address}:${service.nodePort}`;
    const paths = (await traced('service:api')).filter(({ hops }) => hops[0].destination === node);
    expect(paths.length).toBeGreaterThan(0);
    for (const { destination } of paths) expect(destination).toMatchObject({ pod: podName('api'), service: 'api' });
  });

  test('a broken file is said, with the entry that is wrong, and the names before it stay', async () => {
    writeFileSync(cluster.agents.namesFile, 'pods:\n  - { name: web-1, addresses: [10.244.1] }\n');
    await until(() =>
      log().includes('names.json: pods[0] (web-1), addresses[0]: is "10.244.1", which is no IP address'),
    );
    expect(log()).toContain('the names before it stay');
    expect((await traced('pod:web')).length).toBeGreaterThan(10);
  });

  test('a name with control characters shows them; SIGHUP asks for the file and ends nothing', async () => {
    const names = labNames(cluster.lab);
    writeNames(cluster.agents.namesFile, { ...names, pods: names.pods.map((pod) => ({ ...pod, namespace: HOSTILE })) });
    cluster.agents.process('n1').kill('SIGHUP');
    await until(async () => (await traced('namespace:<img*')).length > 0);
    const { url, tokenFile } = cluster.agents;
    const ended = await startHoplens(['trace', '--gateway', url, '--token-file', tokenFile, '--for', '1s']).ended;
    expect(ended.stdout).toContain(`<img onerror>\\u{1b}[2J/${podName('web')} ▶ `);
    expect(ended.stdout).not.toContain('\x1b');
  });

  test('a recording needs no file', async () => {
    writeNames(cluster.agents.namesFile, labNames(cluster.lab));
    await until(async () => (await traced('namespace:demo')).length > 0);
    const out = join(tmpdir(), `names-${cluster.lab.id}.hoplens`);
    const { url, tokenFile } = cluster.agents;
    try {
      const recorded = await startHoplens(['record', '--out', out, '--for', lasting(8), '--gateway', url, '--token-file', tokenFile]).ended;
      expect(recorded.code, recorded.stderr).toBe(0);
      const replay = startHoplens(['replay', out, '--listen', '127.0.0.1:0']);
      const gateway = /at (ws:\S+),/.exec(await replay.says('its page at'))![1];
      const { paths } = await trace({ url: gateway }, ['pod:web']);
      expect(paths.length).toBeGreaterThan(10);
      replay.kill();
      await replay.ended;
    } finally {
      rmSync(out, { force: true });
    }
  }); // prettier-ignore
});
