/**
 * `npm run check:cluster -- FOLDER`: hoplens on a real two-node Kubernetes, first as processes of the nodes, then as a
 * DaemonSet by the plain manifest and by the chart.
 * FOLDER holds the scripts that bring the cluster up. Prints what it saw; the exit code counts the claims that failed.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeImage } from '../../deploy/image.mjs';
import { findHelm } from '../setup/helm.mjs';
import { overPodNetwork, throughNodePort, throughService } from './claims.ts';
import { checkFolder, claim } from './claim.ts';
import { nodes, openCluster, type Cluster, type Scene } from './cluster.ts';
import { end, startAgent, traceWhile, type Traced } from './hoplens.ts';
import { byChart, byManifest, readToken, type Installation } from './installation.ts';
import { kubernetesClaims } from './kubernetes.ts';
import {
  capabilities,
  doctored,
  gone,
  programs,
  rolledOut,
  scraped,
  throughPortForward,
  upgraded,
} from './installed.ts';

/** All claims, read from the gateway that `args` name; how many failed. */
async function claims({ cluster, near, far, clusterIp }: Scene, form: string, args: string[]): Promise<number> {
  const inPod = (...argv: string[]): Promise<string> => cluster.kubectl('exec', near.name, '--', ...argv);
  const traced = (filter: string, act: () => Promise<unknown>): Promise<Traced> =>
    traceWhile(cluster, 'n1', ['--for', '6s', ...args, filter], act);
  const backend = `${far.ip}:8080`;
  const nodePort = `${nodes.n1}:30080`;
  const results = [
    await claim(`${form}: ping from pod to pod over VXLAN`, async () =>
      overPodNetwork(await traced('icmp', () => inPod('ping', '-c', '5', '-i', '0.2', far.ip)), near, far),
    ),
    await claim(
      `${form}: ClusterIP, one path before and after DNAT, its reply turned back`,
      async () =>
      throughService(
        await traced('tcp', () => inPod('wget', '-qO-', `http://${clusterIp}/`)),
        near, `${clusterIp}:80`, backend,
      ), // prettier-ignore
    ),
    await claim(
      `${form}: NodePort entered at the other node, both addresses change on one path`,
      async () =>
      throughNodePort(
        await traced('tcp', () => cluster.on('n2', ['curl', '-sm', '2', `http://${nodePort}/`])),
        nodePort, backend,
      ), // prettier-ignore
    ),
  ];
  return results.filter((isTrue) => !isTrue).length;
}

async function asProcesses(scene: Scene, tokenFile: string): Promise<number> {
  const { cluster } = scene;
  const token = ['--token-file', tokenFile];
  const n2 = await startAgent(cluster, 'n2', ['--listen', `${nodes.n2}:9430`, ...token]);
  const n1 = await startAgent(cluster, 'n1', ['--listen', `${nodes.n1}:9430`, '--peer', `ws://${nodes.n2}:9430`, ...token]); // prettier-ignore
  try {
    return await claims(scene, 'process', ['--gateway', `ws://${nodes.n1}:9430`, ...token]);
  } finally {
    await Promise.all([end(n1), end(n2)]);
  }
}

/** One image for all installations, as the scripts of the cluster take it. */
async function loadImage(cluster: Cluster, folder: string): Promise<void> {
  const image = join(folder, 'hoplens.tar');
  writeImage(image);
  await cluster.script('load', image);
}

/** Installs, asks, and takes it away again; how many claims failed. `further` are claims of this installation alone. */
async function asDaemonSet(cluster: Cluster, installation: Installation, tokenFile: string, further: () => Promise<number>) {
  const says = async (what: string, see: () => Promise<string>): Promise<number> =>
    Number(!(await claim(`${installation.name}: ${what}`, see)));
  let failed = 0;
  let before: string[] = [];
  try {
    await installation.install();
    failed += await says('rolls out, its probes answered', () => rolledOut(cluster));
    writeFileSync(tokenFile, await readToken(cluster), { mode: 0o600 });
    failed += await says('through kubectl port-forward', () => throughPortForward(cluster, tokenFile));
    failed += await says('has its capabilities and no other', () => capabilities(cluster));
    failed += await says('hoplens doctor beside an agent', () => doctored(cluster));
    failed += await further();
    failed += await says('/metrics, for the token alone', () => scraped(cluster));
    if (installation.upgrade) failed += await says('an upgrade', () => upgraded(cluster, installation));
    before = await programs(cluster);
  } finally {
    await installation.remove();
  }
  return failed + (await says('leaves nothing', () => gone(cluster, before)));
} // prettier-ignore

async function installed(scene: Scene, folder: string, tokenFile: string): Promise<number> {
  const { cluster } = scene;
  await loadImage(cluster, folder);
  const gateway = ['--gateway', `ws://${nodes.n1}:9430`, '--token-file', tokenFile];
  const manifest = byManifest(cluster, tokenFile);
  const further = async (): Promise<number> =>
    (await claims(scene, 'DaemonSet', gateway)) + (await kubernetesClaims(scene, tokenFile));
  const failed = await asDaemonSet(cluster, manifest, tokenFile, further);
  const chart = byChart(cluster, await findHelm());
  return failed + (await asDaemonSet(cluster, chart, tokenFile, () => Promise.resolve(0)));
}

async function main(folder: string): Promise<number> {
  const cluster = openCluster(folder);
  const isOurs = !existsSync(join(folder, 'run'));
  const temporary = mkdtempSync(join(tmpdir(), 'hoplens-cluster-'));
  const tokenFile = join(temporary, 'token');
  writeFileSync(tokenFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  try {
    if (isOurs) await cluster.script('up.sh');
    await cluster.kubectl('apply', '-f', join(folder, 'manifests/demo.yaml'));
    await cluster.kubectl('rollout', 'status', 'deploy/web', '--timeout', '90s');
    const [near, far] = [await cluster.pod('n1', 'web'), await cluster.pod('n2', 'web')];
    const clusterIp = await cluster.kubectl('get', 'svc', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    const scene: Scene = { cluster, near, far, clusterIp };
    return (await asProcesses(scene, tokenFile)) + (await installed(scene, temporary, tokenFile));
  } finally {
    if (isOurs) await cluster.script('down.sh');
    rmSync(temporary, { recursive: true, force: true });
  }
}

await checkFolder(
  'npm run check:cluster -- FOLDER   (with up.sh, down.sh, in, kubectl, and what build.sh made)',
  (folder) => main(resolve(folder)),
);
