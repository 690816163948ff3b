/** A real two-node cluster that the scripts of a folder bring up: its nodes, its pods, and hoplens on it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JsonPath } from '../../agent/paths/json.ts';
import type { Summary } from '../../agent/paths/counting.ts';
import { hoplensCommand } from '../lab/agents.ts';

const run = promisify(execFile);
const START_MS = 60_000;

export const nodes = { n1: '192.168.1.10', n2: '192.168.1.11' } as const;
export type NodeName = keyof typeof nodes;

export interface Pod {
  name: string;
  ip: string;
}

export interface Traced {
  paths: JsonPath[];
  summary: Summary;
}

export interface Cluster {
  script(name: string, ...args: string[]): Promise<string>;
  /** Runs a command on a node to its end. */
  on(node: NodeName, argv: string[]): Promise<string>;
  /** Starts hoplens on a node. */
  hoplens(node: NodeName, args: string[]): ChildProcess;
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

/** Starts an agent as a process of the node; resolves when it is attached. */
export async function startAgent(cluster: Cluster, node: NodeName, args: string[]): Promise<ChildProcess> {
  const agent = cluster.hoplens(node, ['agent', '--node', node, ...args]);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`the agent of ${node} ${why}: ${said}`));
    const timer = setTimeout(() => fail('did not start'), START_MS);
    agent.once('exit', (code) => fail(`ended with ${code}`));
    agent.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (!said.includes('listening on')) return;
      clearTimeout(timer);
      agent.removeAllListeners('exit');
      resolve();
    });
  });
  return agent;
}

/** `in` waits for a child in the node's pid namespace, and a signal to it would reach only itself. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  process.kill(inside === '' ? child.pid! : Number(inside.split(' ')[0]), 'SIGTERM');
  await exited;
}

/** Traces while `act` is done again and again. */
export async function traceWhile(
  cluster: Cluster,
  args: string[],
  filter: string,
  act: () => Promise<unknown>,
): Promise<Traced> {
  const trace = cluster.hoplens('n1', ['trace', '--json', '--for', '6s', ...args, ...filter.split(' ')]);
  let out = '';
  let said = '';
  trace.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
  trace.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text));
  const closed = once(trace, 'close');
  while (trace.exitCode === null && trace.signalCode === null) {
    // One that fails, as the first to a Service that is not ready, is repeated.
    await act().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await closed;
  const lines = out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as JsonPath | Summary); // prettier-ignore
  const summary = lines.at(-1);
  if (summary?.type !== 'summary') throw new Error(`trace gave no summary: ${said}`);
  return { paths: lines.filter((line) => line.type === 'path'), summary };
}
