/** What must hold of agents that have names and peers from Kubernetes. Replaces an agent, and then the far pod. */
import { historyOf } from '../../agent/history/past.ts';
import { readFrames } from '../../agent/recording/reader.ts';
import { hoplensCommand } from '../lab/agents.ts';
import { claim } from './claim.ts';
import { heard, named } from './claims.ts';
import { nodes, type Owner, type Scene } from './cluster.ts';
import { traceWhile, type Traced } from './hoplens.ts';

const web: Owner = { name: 'deploy/web', namespace: 'default', label: 'app=web' };
const agents: Owner = { name: 'ds/hoplens', namespace: 'hoplens', label: 'app.kubernetes.io/name=hoplens' };

/**
 * @param tokenFile of all agents
 * @returns how many claims failed
 */
export async function kubernetesClaims({ cluster, near, far, clusterIp }: Scene, tokenFile: string): Promise<number> {
  const args = ['--gateway', `ws://${nodes.n1}:9430`, '--token-file', tokenFile];
  const all = Object.keys(nodes);
  const traced = (filter: string, act: () => Promise<unknown>, length = '6s'): Promise<Traced> =>
    traceWhile(cluster, 'n1', ['--for', length, ...args, filter], act);
  const get = (): Promise<string> => cluster.kubectl('exec', near.name, '--', 'wget', '-qO-', `http://${clusterIp}/`);
  const results = [
    await claim('Kubernetes: service:web is found, pods and Service have their names', async () =>
      named(await traced('service:web', get), near, 'web', far),
    ),
    await claim('Kubernetes: the agents find each other', async () => heard(await traced('icmp', get), all)),
    await claim('Kubernetes: an agent whose pod is replaced is a peer again', async () => {
      let replaced: ReturnType<typeof cluster.replace> | undefined;
      const during = await traced('icmp', () => (replaced ??= cluster.replace('n2', agents)), '30s');
      const seen = during.changes.find(({ node, text }) => node === 'n2' && text === 'agent started again');
      return seen && heard(during, all) && `${(await replaced)?.name}: ${seen.text}`;
    }),
    await claim('Kubernetes: an agent whom nobody read knows whom to ask for the past', async () => {
      const file = `${tokenFile}.hoplens`;
      await cluster.on('n2', [
        ...hoplensCommand(),
        'snapshot',
        '--gateway',
        `ws://${nodes.n2}:9430`,
        '--token-file',
        tokenFile,
        file,
      ]);
      const frames = readFrames(file);
      const first = await frames.next();
      await frames.return(undefined);
      const told = first.done ? [] : historyOf(first.value)!.streams.map(({ node }) => node);
      return all.every((node) => told.includes(node)) ? told.join(', ') : undefined;
    }),
    await claim('Kubernetes: a pod that takes the place of another has its name', async () => {
      const next = await cluster.replace('n2', web);
      return next.name === far.name ? undefined : named(await traced(`pod:${next.name}`, get), near, 'web', next);
    }),
  ];
  return results.filter((isTrue) => !isTrue).length;
}
