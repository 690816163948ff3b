/** Names and peers out of an API server that changes. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Endpoint } from '../kernel/library.ts';
import { createMetrics } from '../server/metrics/metrics.ts';
import { until } from '../server/testing.ts';
import type { ClusterNames } from '../wire/messages.ts';
import { createKubernetes, type Kubernetes, type KubernetesLimits } from './kubernetes.ts';
import { peerUrl } from './peers.ts';
import { podObject, startApiServer, type TestApiServer } from './testing.ts';

const PODS = '/api/v1/pods';
const SERVICES = '/api/v1/services';
const AGENTS = '/api/v1/namespaces/monitoring/pods';
const quick = { watch: { firstRetryMs: 2, longestRetryMs: 10 }, pace: { gatherMs: 1 } };

let server: TestApiServer;
let kubernetes: Kubernetes;
let names: ClusterNames | undefined;
let peers: Endpoint[];
let said: string[];

beforeEach(async () => {
  [names, peers, said] = [undefined, [], []];
  server = await startApiServer();
  server.put(PODS, podObject('agent-1', '192.168.1.10', { hostNetwork: true, namespace: 'monitoring' }));
  server.put(PODS, podObject('web-1', '10.244.0.3'));
});
afterEach(async () => {
  kubernetes.stop();
  await server.stop();
});

function start(limits: Partial<KubernetesLimits> = {}, peerPods = 'app=hoplens', node = 'n1'): void {
  kubernetes = createKubernetes({
    account: server.account,
    node,
    peerPods,
    onNames(now) {
      names = now;
      return 0;
    },
    onPeers: (now) => (peers = now),
    say: (line) => said.push(line),
    limits: { ...quick, ...limits },
  });
  kubernetes.start(9430);
}

const service = (name: string, clusterIP: string, more: object = {}) => ({
  metadata: { name, namespace: 'shop' },
  spec: { clusterIP, ports: [{ port: 80, protocol: 'TCP' }], ...more },
});
const agent = (node: string, ip: string, more: { hostNetwork?: boolean } = {}) => ({
  ...podObject(`agent-${node}`, ip, { namespace: 'monitoring', node, hostNetwork: true, ...more }),
});
const podNames = (): string | undefined => names?.pods.map(({ name }) => name).join();
const serviceNames = (): string | undefined => names?.services.map(({ name }) => name).join();
const peerUrls = (): string => peers.map(peerUrl).join();
const watched = (): string[] => kubernetes.stats().map(({ resource }) => resource);

it('names the pods of its node from the beginning, and asks for nothing else', async () => {
  start();
  await until(() => podNames() === 'web-1');
  expect(names!.pods).toEqual([{ name: 'web-1', namespace: 'shop', node: 'n1', addresses: ['10.244.0.3'] }]);
  await until(() => server.watches() === 1);
  server.put(PODS, podObject('web-2', '10.244.0.4'));
  server.remove(PODS, 'web-1');
  await until(() => podNames() === 'web-2');
  expect(server.asked.every((path) => path.startsWith(`${PODS}?fieldSelector=spec.nodeName%3Dn1`))).toBe(true);
});

it('tells of nothing before it knows the pods of its node: readers would take them for gone', async () => {
  server.put(SERVICES, service('api', '10.96.0.10'));
  server.put(AGENTS, agent('n2', '192.168.1.11'));
  server.instead = (request, response) => {
    if (!request.url!.startsWith(`${PODS}?`)) return false;
    response.destroy();
    return true;
  };
  start();
  kubernetes.want(true);
  await until(() => peers.length === 1 && server.watches() === 2);
  // Time for a message, if there were one.
  server.put(SERVICES, service('db', '10.96.0.11'));
  await until(() => kubernetes.stats().some(({ resource, objects }) => resource === 'services' && objects === 2));
  expect(names).toBeUndefined();
  server.instead = undefined;
  await until(() => podNames() === 'web-1' && serviceNames() === 'api,db');
});

it('names Services and finds agents while somebody reads the cluster', async () => {
  server.put(SERVICES, service('api', '10.96.0.10', { externalIPs: ['192.168.1.11', '203.0.113.7'] }));
  for (const [node, ip] of [['n1', '192.168.1.10'], ['n2', '192.168.1.11'], ['n3', 'fd00::12']]) server.put(AGENTS, agent(node, ip));
  server.put(AGENTS, agent('n4', '10.244.0.9', { hostNetwork: false }));
  start({ lingerMs: 5 });
  kubernetes.want(true);
  await until(() => serviceNames() === 'api' && peers.length === 2);
  expect(peerUrls()).toBe('ws://192.168.1.11:9430,ws://[fd00::12]:9430');
  expect(server.asked.find((path) => path.startsWith(AGENTS))).toContain('labelSelector=app%3Dhoplens');
  await until(() => server.watches() === 3);
  server.remove(AGENTS, 'agent-n2', 'monitoring');
  await until(() => peerUrls() === 'ws://[fd00::12]:9430');
  server.put(AGENTS, agent('n2', '192.168.1.21'));
  server.put(SERVICES, service('db', '10.96.0.11'));
  await until(() => peerUrls() === 'ws://192.168.1.21:9430,ws://[fd00::12]:9430' && serviceNames() === 'api,db');

  kubernetes.want(false);
  await until(() => serviceNames() === '' && peers.length === 0);
  await until(() => server.watches() === 1);
  expect([watched(), podNames(), said]).toEqual([['pods'], 'web-1', []]);
}); // prettier-ignore

it("leaves nodes' addresses to the nodes, where a Service has them as external ones", async () => {
  server.put(SERVICES, service('api', '10.96.0.10', { externalIPs: ['192.168.1.10', '203.0.113.7'] }));
  start();
  kubernetes.want(true);
  await until(() => serviceNames() === 'api' && podNames() === 'web-1');
  expect(names!.services[0].addresses).toEqual(['10.96.0.10', '203.0.113.7']);
});

it('goes on watching when the next reader comes in time', async () => {
  server.put(AGENTS, agent('n2', '192.168.1.11'));
  start({ lingerMs: 60_000 });
  kubernetes.want(true);
  await until(() => peers.length === 1);
  kubernetes.want(false);
  kubernetes.want(true);
  expect([watched(), peers.length]).toEqual([['pods', 'services', 'peers'], 1]);
  expect(server.asked.filter((path) => path.startsWith(SERVICES) && !path.includes('watch')).length).toBeLessThan(2);
});

it('finds agents for who wants the past too', async () => {
  server.put(AGENTS, agent('n2', '192.168.1.11'));
  start({ peersMs: 60_000 });
  await kubernetes.peersKnown();
  expect(peerUrls()).toBe('ws://192.168.1.11:9430');
});

it('lets nobody wait for an API server that is away', async () => {
  server.instead = (_, response) => {
    response.destroy();
    return true;
  };
  start({ peersMs: 60_000 });
  await kubernetes.peersKnown();
  expect(peers).toEqual([]);
  kubernetes.stop();
  server.instead = () => true;
  start({ peersMs: 1 });
  await kubernetes.peersKnown();
});

it('looks for no agents where there is no selector', async () => {
  start({}, '');
  kubernetes.want(true);
  await until(() => serviceNames() === '');
  await kubernetes.peersKnown();
  expect(watched()).toEqual(['pods', 'services']);
});

it('has so many peers and no more, and says so', async () => {
  for (let at = 2; at < 7; at++) server.put(AGENTS, agent(`n${at}`, `192.168.1.${at}`));
  start({ peers: 3 });
  kubernetes.want(true);
  await until(() => peers.length === 3);
  expect(said).toEqual(['of 5 other agents the first 3 are peers']);
});

it('says that a node without any pod has another name in Kubernetes', async () => {
  for (const name of ['agent-1', 'web-1']) server.remove(PODS, name, name === 'web-1' ? 'shop' : 'monitoring');
  start({}, '', 'n1.example');
  await until(() => said.length === 1);
  expect(said[0]).toBe("Kubernetes knows no pod on node n1.example: --node must be the node's name there (spec.nodeName)");
}); // prettier-ignore

it('shows in the metrics what it watches, and whether it may', async () => {
  start();
  await until(() => podNames() === 'web-1' && server.watches() === 1);
  const body = async (): Promise<string> =>
    (await createMetrics({ version: 'test', server: () => undefined, kubernetes }).body()).body;
  expect(await body()).toContain('hoplens_kubernetes_up{resource="pods"} 1');
  expect(await body()).toContain('hoplens_kubernetes_objects{resource="pods"} 2');
  server.instead = (_, response) => {
    response.writeHead(403).end();
    return true;
  };
  server.drop();
  await until(() => said.length === 1);
  expect(await body()).toContain('hoplens_kubernetes_up{resource="pods"} 0');
});
