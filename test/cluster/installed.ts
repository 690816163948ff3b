/** What must hold of hoplens where it is installed, and when it is gone. Each claim gives what it saw, or throws why not. */
import type { Info } from '../../agent/client/protocol.ts';
import type { Findings } from '../../agent/doctor/report.ts';
import { entrypoint } from '../../deploy/rootfs.mjs';
import { container } from '../deploy/objects.ts';
import { inNetns, tcxPrograms } from '../faults/bpf.ts';
import { nodes, type Cluster, type NodeName } from './cluster.ts';
import { traceWhile } from './hoplens.ts';
import { BUDGET, kubectl, readToken, type Installation } from './installation.ts';

const nodeNames = Object.keys(nodes) as NodeName[];

/** Ready is what the kubelet's probes find, without a token. */
export async function rolledOut(cluster: Cluster): Promise<string> {
  await kubectl(cluster, 'rollout', 'status', 'ds/hoplens', '--timeout', '120s').catch(async () => {
    const logs = await kubectl(cluster, 'logs', '-l', 'app.kubernetes.io/name=hoplens', '--tail', '5');
    throw new Error(`the DaemonSet does not run: ${logs}\n${await kubectl(cluster, 'get', 'events')}`);
  });
  const status = '{.status.containerStatuses[0].ready}, restarts {.status.containerStatuses[0].restartCount}';
  const told = `{range .items[*]}{.metadata.name} on {.spec.nodeName} ready ${status}; {end}`;
  const pods = await kubectl(cluster, 'get', 'pods', '-o', `jsonpath=${told}`);
  if (pods.match(/ready true, restarts 0/g)?.length !== nodeNames.length) throw new Error(pods);
  return pods;
}

/** Bits of <linux/capability.h>. */
const bits: Record<string, number> = { NET_ADMIN: 12, PERFMON: 38, BPF: 39 };

/** What the kernel says of the agent, which is the first process of its pod: those of the manifest and no other. */
export async function capabilities(cluster: Cluster): Promise<string> {
  const script = "console.log(require('fs').readFileSync('/proc/1/status', 'utf8'))";
  const status = await kubectl(cluster, 'exec', 'ds/hoplens', '--', '/usr/bin/node', '-e', script);
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(status)?.[1] ?? '';
  const wanted = container.securityContext.capabilities.add.reduce((sum, name) => sum | (1n << BigInt(bits[name])), 0n);
  for (const name of ['CapPrm', 'CapEff', 'CapBnd']) {
    if (BigInt(`0x${field(name)}`) !== wanted) throw new Error(`${name} ${field(name)}, not ${wanted.toString(16)}`);
  }
  return ['CapEff', 'NoNewPrivs', 'Seccomp'].map((name) => `${name} ${field(name)}`).join(', ');
}

/** What the doctor finds beside an agent, in its pod and with its rights: no problem, and where it is; the agent goes on. */
export async function doctored(cluster: Cluster): Promise<string> {
  const options = ['--json', '--kubernetes', 'on', '--listen', '0.0.0.0:9430', '--token-file', '/etc/hoplens/token'];
  const text = await kubectl(cluster, 'exec', 'ds/hoplens', '--', ...entrypoint, 'doctor', ...options);
  const { checks, devices } = JSON.parse(text) as Findings;
  const found = (name: string): string => checks.find((check) => check.name === name)?.found ?? '';
  const isRight = /^one runs/.test(found('agent')) && /hostNetwork/.test(found('namespace')) && /^an agent/.test(found('listen')); // prettier-ignore
  if (!isRight || checks.some((check) => check.state === 'problem')) throw new Error(text);
  await rolledOut(cluster);
  const warnings = checks.filter((check) => check.state === 'warning').map((check) => `${check.name}: ${check.found}`);
  return `${checks.length} checks, ${devices.length} devices, no problem; ${warnings.join('; ')}`;
}

interface Answer {
  status: number;
  body: string;
}

async function get(cluster: Cluster, url: string, token?: string): Promise<Answer> {
  const header = token === undefined ? [] : ['-H', `Authorization: Bearer ${token}`];
  const out = await cluster.on('n1', ['curl', '-sm', '5', '-w', '\\n%{http_code}', ...header, url]);
  const at = out.lastIndexOf('\n');
  return { status: Number(out.slice(at + 1)), body: out.slice(0, at) };
}

export async function scraped(cluster: Cluster): Promise<string> {
  const token = await readToken(cluster);
  const urls = Object.values(nodes).map((address) => `http://${address}:9430/metrics`);
  const { status } = await get(cluster, urls[0]);
  if (status !== 401) throw new Error(`without a token: ${status}`);
  const answers = await Promise.all(urls.map((url) => get(cluster, url, token)));
  const wrong = answers.find((answer) => answer.status !== 200 || !answer.body.includes('hoplens_packets_total{kind="uplink"')); // prettier-ignore
  if (wrong) throw new Error(`${wrong.status} ${wrong.body}`);
  return answers.map(({ body }) => cost(body)).join('; ');
}

function cost(metrics: string): string {
  const figure = (name: string): number => Number(new RegExp(`^hoplens_${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
  const megabytes = figure('resident_memory_bytes') / 1e6;
  return `${megabytes.toFixed(0)} MB, ${figure('cpu_seconds_total').toFixed(1)} s of CPU in ${figure('up_seconds').toFixed(0)} s`;
}

/** As somebody at a desk looks: the page, and the stream of all nodes. */
export async function throughPortForward(cluster: Cluster, tokenFile: string): Promise<string> {
  await using forwarded = await cluster.forward(['-n', 'hoplens', 'ds/hoplens', ':9430']);
  const { address } = forwarded;
  const page = await get(cluster, `http://${address}/`);
  if (!page.body.includes('<title>')) throw new Error(`the page: ${page.status} ${page.body}`);
  const ready = await get(cluster, `http://${address}/readyz`);
  if (ready.status !== 200) throw new Error(`/readyz: ${ready.status} ${ready.body}`);
  const info = JSON.parse((await get(cluster, `http://${address}/v1/info`, await readToken(cluster))).body) as Info;
  if (!info.authorized) throw new Error('it does not know the token');

  const args = ['--for', '5s', '--gateway', `ws://${address}`, '--token-file', tokenFile];
  const ping = (): Promise<string> => cluster.on('n1', ['ping', '-c', '1', nodes.n2]);
  const { summary } = await traceWhile(cluster, 'n1', args, ping);
  const seen = Object.keys(summary.exponents).sort();
  if (seen.join() !== nodeNames.join()) throw new Error(`its stream tells of ${seen.join()}`);
  return `the page of hoplens ${info.hoplens}, and the stream of ${seen.join(' and ')}`;
}

/** An upgrade rolls the agents, and the token stays. */
export async function upgraded(cluster: Cluster, installation: Installation): Promise<string> {
  const before = await readToken(cluster);
  await installation.upgrade?.();
  if ((await readToken(cluster)) !== before) throw new Error('another token');
  const args = await kubectl(cluster, 'get', 'pods', '-o', 'jsonpath={.items[*].spec.containers[0].args}');
  if (args.split(`--budget=${BUDGET}`).length !== nodeNames.length + 1) throw new Error(args);
  const board = await kubectl(
    cluster,
    'get',
    'configmap',
    'hoplens-dashboard',
    '-o',
    'jsonpath={.data.hoplens\\.json}',
  );
  return `budget ${BUDGET}, the same token, a dashboard of ${(JSON.parse(board) as { panels: unknown[] }).panels.length} panels`;
}

/** Programs of ours at the devices of all nodes. */
export async function programs(cluster: Cluster): Promise<string[]> {
  const found = nodeNames.map(async (node) => {
    const links = JSON.parse(await cluster.on(node, ['ip', '-j', 'link'])) as { ifindex: number; ifname: string }[];
    const at = ({ ifindex, ifname }: (typeof links)[number], direction: 'ingress' | 'egress'): string[] =>
      inNetns(node, () => tcxPrograms(ifindex, direction)).map((name) => `${node} ${ifname} ${name}`);
    return links.flatMap((link) => [...at(link, 'ingress'), ...at(link, 'egress')]);
  });
  return (await Promise.all(found)).flat().filter((line) => line.includes(' hoplens'));
}

/** @param before programs that were there while it was installed: without them nothing left would say nothing */
export async function gone(cluster: Cluster, before: string[]): Promise<string> {
  if (before.length === 0) throw new Error('no program was there before');
  const names = await cluster.kubectl('get', 'namespace,clusterrole,clusterrolebinding', '-o', 'name');
  const left = [...(await programs(cluster)), ...names.split('\n').filter((name) => name.includes('/hoplens'))];
  if (left.length > 0) throw new Error(`left: ${left.join(', ')}`);
  return `no object, and none of ${before.length} programs`;
}
