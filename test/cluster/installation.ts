/** hoplens as its operator installs it: by the plain manifest as it stands, or by the chart. */
import { join } from 'node:path';
import { chart, manifestFile } from '../setup/chart.mjs';
import type { Cluster } from './cluster.ts';

export interface Installation {
  name: string;
  install(): Promise<unknown>;
  /** Another budget, and the dashboard beside it. */
  upgrade?(): Promise<unknown>;
  remove(): Promise<unknown>;
}

export const BUDGET = 10_000;
const NAMESPACE = 'hoplens';

/** kubectl where hoplens is. */
export const kubectl = (cluster: Cluster, ...words: string[]): Promise<string> =>
  cluster.kubectl('-n', NAMESPACE, ...words);

export const byManifest = (cluster: Cluster, tokenFile: string): Installation => ({
  name: 'deploy/hoplens.yaml',
  async install() {
    await cluster.kubectl('apply', '-f', manifestFile);
    await kubectl(cluster, 'create', 'secret', 'generic', 'hoplens', `--from-file=token=${tokenFile}`);
  },
  remove: () => cluster.kubectl('delete', '-f', manifestFile, '--timeout', '60s'),
});

/** The token is the chart's own. */
export function byChart(cluster: Cluster, program: string): Installation {
  const conf = join(cluster.folder, 'run/admin.conf');
  const helm = (...words: string[]): Promise<string> =>
    cluster.on('n1', [program, '--kubeconfig', conf, '-n', NAMESPACE, ...words, '--wait', '--timeout', '120s']);
  return {
    name: 'deploy/chart',
    install: () => helm('install', 'hoplens', chart, '--create-namespace'),
    upgrade: () => helm('upgrade', 'hoplens', chart, '--set', `agent.budget=${BUDGET},dashboard.enabled=true`),
    async remove() {
      await helm('uninstall', 'hoplens');
      await cluster.kubectl('delete', 'namespace', NAMESPACE, '--timeout', '60s');
    },
  };
}

export async function readToken(cluster: Cluster): Promise<string> {
  const encoded = await kubectl(cluster, 'get', 'secret', 'hoplens', '-o', 'jsonpath={.data.token}');
  return Buffer.from(encoded, 'base64').toString();
}
