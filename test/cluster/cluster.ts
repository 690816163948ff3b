/** A real two-node cluster that the scripts of a folder bring up: its nodes and its pods. */
import { execFile, spawn } from 'node:child_process';
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

export interface Cluster extends Nodes {
  script(name: string, ...args: string[]): Promise<string>;
  /** Runs a command on a node to its end. */
  on(node: NodeName, argv: string[]): Promise<string>;
  kubectl(...args: string[]): Promise<string>;
  /** The pod with this label on a node. */
  pod(node: NodeName, app: string): Promise<Pod>;
}

/** @throws Error where the folder is none of a built cluster */
export function openCluster(folder: string): Cluster {
  if (!existsSync(join(folder, 'up.sh')) || !existsSync(join(folder, 'bin/kubelet'))) {
    throw new Error(`${folder} holds no cluster that was built: its build.sh makes one`);
  }
  const script = async (name: string, ...args: string[]): Promise<string> =>
    (await run(join(folder, name), args, { cwd: folder, maxBuffer: 64 << 20, timeout: 300_000 })).stdout.trim();
  const kubectl = (...args: string[]): Promise<string> => script('kubectl', ...args);
  return {
    script,
    kubectl,
    on: (node, argv) => script('in', node, ...argv),
    hoplens: (node, args) => spawn(join(folder, 'in'), [node, ...hoplensCommand(), ...args], { cwd: folder }),
    async pod(node, app) {
      const find = (field: string): Promise<string> =>
        kubectl('get', 'pod', '-l', `app=${app}`, '--field-selector', `spec.nodeName=${node}`, '-o', `jsonpath={.items[0].${field}}`); // prettier-ignore
      return { name: await find('metadata.name'), ip: await find('status.podIP') };
    },
  };
}
