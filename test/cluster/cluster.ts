/** A real two-node cluster that the scripts of a folder bring up: its nodes and its pods. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hoplensCommand } from '../lab/agents.ts';
import type { Nodes } from './hoplens.ts';

const run = promisify(execFile);

export const nodes = { n1: '192.168.1.10', n2: '192.168.1.11' } as const;
export type NodeName = keyof typeof nodes;

export interface Pod {
  name: string;
  ip: string;
}

export interface Forwarding extends AsyncDisposable {
  /** HOST:PORT on n1. */
  address: string;
}

export interface Cluster extends Nodes {
  folder: string;
  script(name: string, ...args: string[]): Promise<string>;
  /** Runs a command on a node to its end. */
  on(node: NodeName, argv: string[]): Promise<string>;
  kubectl(...args: string[]): Promise<string>;
  /** kubectl port-forward on n1, from when it forwards until it is disposed of. */
  forward(args: string[]): Promise<Forwarding>;
  /** The pod with this label on a node. */
  pod(node: NodeName, app: string): Promise<Pod>;
  /** Deletes an owner's pod of a node; gives the one that takes its place there, once that is ready. */
  replace(node: NodeName, owner: Owner): Promise<Pod>;
}

/** What makes pods, and the label that they bear. */
export interface Owner {
  name: string;
  namespace: string;
  label: string;
}

/** Two pods on two nodes behind a Service. */
export interface Scene {
  cluster: Cluster;
  near: Pod;
  far: Pod;
  clusterIp: string;
}

/** @throws Error where the folder is none of a built cluster */
export function openCluster(folder: string): Cluster {
  if (!existsSync(join(folder, 'up.sh')) || !existsSync(join(folder, 'bin/kubelet'))) {
    throw new Error(`${folder} holds no cluster that was built: its build.sh makes one`);
  }
  const script = async (name: string, ...args: string[]): Promise<string> =>
    (await run(join(folder, name), args, { cwd: folder, maxBuffer: 64 << 20, timeout: 300_000 })).stdout.trim();
  const kubectl = (...args: string[]): Promise<string> => script('kubectl', ...args);
  async function podOf(node: NodeName, { namespace, label }: Pick<Owner, 'namespace' | 'label'>): Promise<Pod> {
    const find = (field: string): Promise<string> =>
      kubectl('-n', namespace, 'get', 'pod', '-l', label, '--field-selector', `spec.nodeName=${node}`, '-o', `jsonpath={.items[0].${field}}`); // prettier-ignore
    return { name: await find('metadata.name'), ip: await find('status.podIP') };
  }
  return {
    folder,
    script,
    kubectl,
    forward: (args) => forward(join(folder, 'kubectl'), args),
    on: (node, argv) => script('in', node, ...argv),
    hoplens: (node, args) => spawn(join(folder, 'in'), [node, ...hoplensCommand(), ...args], { cwd: folder }),
    pod: (node, app) => podOf(node, { namespace: 'default', label: `app=${app}` }),
    async replace(node, owner) {
      const { name } = await podOf(node, owner);
      await kubectl('-n', owner.namespace, 'delete', 'pod', name, '--timeout', '60s');
      await kubectl('-n', owner.namespace, 'rollout', 'status', owner.name, '--timeout', '60s');
      return await podOf(node, owner);
    },
  };
}

/** To any port that is free. */
async function forward(kubectl: string, args: string[]): Promise<Forwarding> {
  const child = spawn(kubectl, ['port-forward', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`kubectl port-forward ended with ${code}: ${said}`)));
    // It complains of every reader that goes; that is of interest only where it does not begin.
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const found = /Forwarding from (127\S+) /.exec((said += text));
      if (found) resolve(found[1]);
    });
  });
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}
