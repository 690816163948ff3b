/** hoplens on nodes that somebody's scripts have made: agents as processes there, and what a trace saw. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Summary } from '../../agent/paths/counting.ts';
import type { JsonPath } from '../../agent/paths/json.ts';

const START_MS = 60_000;

export interface Nodes {
  /** Starts hoplens on a node. */
  hoplens(node: string, args: string[]): ChildProcess;
}

/** As `trace --json` tells of it. */
interface Change {
  type: 'change';
  node: string | null;
  text: string;
}

export interface Traced {
  paths: JsonPath[];
  changes: Change[];
  summary: Summary;
}

/** Starts an agent as a process of the node; resolves when it is attached. */
export async function startAgent(nodes: Nodes, node: string, args: string[]): Promise<ChildProcess> {
  const agent = nodes.hoplens(node, ['agent', '--node', node, ...args]);
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

/** What runs a command in the node's pid namespace waits for it, and a signal to it would reach only itself. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  process.kill(inside === '' ? child.pid! : Number(inside.split(' ')[0]), 'SIGTERM');
  await exited;
}

/** Traces on a node to the end that `args` set, while `act` is done again and again. */
export async function traceWhile(
  nodes: Nodes,
  node: string,
  args: string[],
  act: () => Promise<unknown>,
): Promise<Traced> {
  const trace = nodes.hoplens(node, ['trace', '--json', ...args]);
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
  const lines = out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as JsonPath | Change | Summary); // prettier-ignore
  const summary = lines.at(-1);
  if (summary?.type !== 'summary') throw new Error(`trace gave no summary: ${said}`);
  const ofType = <T extends string>(type: T) => lines.filter((line): line is Extract<typeof line, { type: T }> => line.type === type); // prettier-ignore
  return { paths: ofType('path'), changes: ofType('change'), summary };
}
