/**
 * `npm run check:cni -- FOLDER [NAME...]`: hoplens beside real flanneld and Cilium, all of their modes or those whose name
 * holds one of these words. FOLDER holds the scripts that bring them up. Prints what it saw; the exit code counts the
 * claims that failed.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonPath } from '../../agent/paths/json.ts';
import { inNamespace, run } from '../lab/run.ts';
import { checkFolder, claim, say } from './claim.ts';
import { allGo, aroundForeign, isWhole, pathsBetween, translated } from './cni-claims.ts';
import { networks, type Network } from './cni-networks.ts';
import { addresses, nodeNames, openScripts, type PodName, type Programs, type Scripts } from './cni-scripts.ts';
import { end, startAgent, traceWhile, type Traced } from './hoplens.ts';

const PEER_PORT = 9430;
const traffic = [process.execPath, fileURLToPath(new URL('../../.build/traffic.mjs', import.meta.url))];

type Pods = Record<PodName, string>;

async function podsOf(scripts: Scripts): Promise<Pods> {
  const [c1p1, c1p2, c2p1] = await Promise.all([
    scripts.podAddress('c1p1'),
    scripts.podAddress('c1p2'),
    scripts.podAddress('c2p1'),
  ]);
  return { c1p1, c1p2, c2p1 };
}

const programsOf = async (scripts: Scripts): Promise<Record<string, Programs>> =>
  Object.fromEntries(await Promise.all(nodeNames.map(async (node) => [node, await scripts.programs(node)] as const)));

/** Answers in the far pod, from when it listens. */
async function startServer(): Promise<ChildProcess> {
  const [command, ...args] = inNamespace('c2p1', [...traffic, 'server', 'http', '--bytes', '20000']);
  const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
  return server;
}

/** New connections each time, so that their SYN and FIN are seen too. */
async function makeTraffic(pods: Pods, service: string | undefined): Promise<void> {
  const from = (place: string, kind: string, to: string, ...more: string[]): Promise<unknown> =>
    run(inNamespace(place, [...traffic, 'client', kind, '--to', to, '--for', '1s', '--rate', '20', ...more]));
  const [address, port] = service?.split(':') ?? [];
  await Promise.all([
    from('c1p1', 'ping', pods.c2p1),
    from('c1p1', 'ping', pods.c1p2),
    from('c2', 'ping', pods.c2p1),
    from('c1p1', 'http', pods.c2p1, '--port', '8080'),
    ...(address && port ? [from('c1p1', 'http', address, '--port', port)] : []),
  ]);
}

interface Seen {
  traced: Traced;
  during: Record<string, Programs>;
}

/** Agents on both nodes, traffic between the pods, and what a reader saw of it. */
async function watch(scripts: Scripts, network: Network, pods: Pods, tokenFile: string): Promise<Seen> {
  const token = ['--token-file', tokenFile];
  const urlOf = (node: 'c1' | 'c2'): string => `ws://${addresses[node]}:${PEER_PORT}`;
  const listen = (node: 'c1' | 'c2'): string[] => ['--listen', `${addresses[node]}:${PEER_PORT}`, ...token];
  const running: ChildProcess[] = [];
  try {
    running.push(await startServer());
    running.push(await startAgent(scripts, 'c2', listen('c2')));
    running.push(await startAgent(scripts, 'c1', [...listen('c1'), '--peer', urlOf('c2')]));
    const during = await programsOf(scripts);
    const args = ['--for', '6s', '--partial', '--gateway', urlOf('c1'), ...token];
    const traced = await traceWhile(scripts, 'c1', args, () => makeTraffic(pods, network.service?.address));
    return { traced, during };
  } finally {
    await Promise.all(running.map(end));
  }
}

async function claimsOf(scripts: Scripts, network: Network, tokenFile: string): Promise<boolean[]> {
  const pods = await podsOf(scripts);
  const before = await programsOf(scripts);
  const { traced, during } = await watch(scripts, network, pods, tokenFile);
  const after = await programsOf(scripts);
  const { name, across, within, home, tunnelBytes, service } = network;
  const results: boolean[] = [];
  for (const node of nodeNames) {
    results.push(await claim(`${name}: attached on ${node}, first and beside others`, async () =>
      aroundForeign(await scripts.devices(node), before[node], during[node], after[node]),
    )); // prettier-ignore
  }
  const go = (what: string, protocol: string, to: string, way = across, bytes = tunnelBytes): Promise<boolean> =>
    claim(`${name}: ${what}`, () => allGo(pathsBetween(traced, protocol, pods.c1p1, to), way, bytes));
  results.push(await go('ping and its answers across', 'icmp', pods.c2p1));
  results.push(await go('ping and its answers within the node', 'icmp', pods.c1p2, within, null));
  results.push(await claim(`${name}: ping from a node to its pod`, () => {
    const isHome = ({ source, destination }: JsonPath): boolean => source.node === 'c2' && destination.ip === pods.c2p1;
    return allGo(traced.paths.filter((path) => path.protocol === 'icmp' && isHome(path)), home, null);
  })); // prettier-ignore
  results.push(await go('tcp both ways across', 'tcp', pods.c2p1));
  if (service) {
    results.push(await claim(`${name}: through the service`, () => translated(traced, service, `${pods.c2p1}:8080`)));
  }
  results.push(await claim(`${name}: counts`, () => isWhole(traced)));
  return results;
}

async function check(scripts: Scripts, network: Network, tokenFile: string): Promise<number> {
  try {
    await scripts.script(network.script, 'up', ...network.up);
    return (await claimsOf(scripts, network, tokenFile)).filter((isTrue) => !isTrue).length;
  } catch (error) {
    say(`FAIL  ${network.name}: ${(error as Error).message}`);
    return 1;
  } finally {
    await scripts.script(network.script, 'down');
  }
}

async function main(folder: string, words: string[]): Promise<number> {
  const scripts = openScripts(folder);
  const temporary = mkdtempSync(join(tmpdir(), 'hoplens-cni-'));
  const tokenFile = join(temporary, 'token');
  writeFileSync(tokenFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  let failed = 0;
  try {
    for (const network of networks) {
      const isWanted = words.length === 0 || words.every((word) => network.name.includes(word));
      if (isWanted) failed += await check(scripts, network, tokenFile);
    }
    return failed;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

await checkFolder(
  'npm run check:cni -- FOLDER [WORD...]   (with cilium.sh, flannel.sh, and what build.sh made; all modes, or those with these words in their name)',
  (folder) => main(resolve(folder), process.argv.slice(3)),
);
