import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LabError } from '../lab/error.ts';
import type { Lab, LabPod } from '../lab/index.ts';
import type { Summary } from './main.ts';
import type { Kind } from './options.ts';

/** `local` is HTTP between two pods of one node, the others go from the first node to the second. */
export type TrafficKind = Kind | 'local';

export interface StartOptions {
  /** Milliseconds; without, it runs until `stop`. */
  forMs?: number;
  /** Names of the pods, instead of the first of the first and of the second node. */
  from?: string;
  to?: string;
  /** Also over IPv6. */
  six?: boolean;
  /** More arguments of the client, by kind: `{ bulk: ['--rate-mbit', '500'] }`. */
  client?: Partial<Record<TrafficKind, string[]>>;
  server?: Partial<Record<TrafficKind, string[]>>;
}

export interface TrafficResult {
  kind: TrafficKind;
  from: string;
  to: string;
  address: string;
  /** What the client said last, null if it ended without. */
  summary: Summary | null;
  /** Its complaints, for whoever wonders why. */
  errors: string;
}

export interface Traffic {
  /** Resolves when every client has ended. */
  results: Promise<TrafficResult[]>;
  /** Lets the clients end with their summaries. */
  stop(): Promise<TrafficResult[]>;
}

/** The generators' command line, as `npm run build` made it: from their source they start three times slower. */
export function trafficCommand(): string[] {
  const folder = import.meta.url.endsWith('.ts') ? '../../.build/' : './';
  const file = fileURLToPath(new URL(`${folder}traffic.mjs`, import.meta.url));
  if (!existsSync(file)) throw new LabError('missing', `${file} is missing: run npm run build`);
  return [process.execPath, file];
}

const localPort = 8081; // a pod may serve both HTTP pairs

/**
 * Starts servers, waits until they listen, then starts clients. All are the lab's children: `lab.down()` ends them.
 * @throws Error if a server does not come up
 */
export async function startTraffic(lab: Lab, kinds: TrafficKind[], options: StartOptions = {}): Promise<Traffic> {
  const starts = await Promise.all(kinds.map((kind) => startKind(lab, kind, options)));
  const clients = starts.flat();
  const results = Promise.all(clients.map((client) => client.result));
  return {
    results,
    stop: () => {
      for (const { child } of clients) child.kill('SIGTERM');
      return results;
    },
  };
}

interface Client {
  child: ChildProcess;
  result: Promise<TrafficResult>;
}

async function startKind(lab: Lab, kind: TrafficKind, options: StartOptions): Promise<Client[]> {
  const [from, to] = endpoints(lab, kind, options);
  const generator = kind === 'local' ? 'http' : kind;
  const port = kind === 'local' ? ['--port', String(localPort)] : [];
  const server =
    generator === 'ping' ? null : await startServer(lab, to, [generator, ...port, ...(options.server?.[kind] ?? [])]);
  const duration = options.forMs === undefined ? [] : ['--for', `${options.forMs}ms`];
  const clients = (options.six ? [to.ip, to.ip6] : [to.ip]).map((address) => {
    const argv = ['client', generator, '--to', address, ...port, ...duration, ...(options.client?.[kind] ?? [])];
    const child = lab.spawn(from.name, [...trafficCommand(), ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    return { child, result: collect(child, { kind, from: from.name, to: to.name, address }) };
  });
  void Promise.all(clients.map((client) => client.result)).then(() => server?.kill('SIGTERM'));
  return clients;
}

function endpoints(lab: Lab, kind: TrafficKind, { from, to }: StartOptions): [LabPod, LabPod] {
  const [first, second] = lab.nodes;
  if (kind === 'local') return [first.pods[0], first.pods[1]];
  return [from === undefined ? first.pods[0] : lab.pod(from), to === undefined ? second.pods[0] : lab.pod(to)];
}

/** Resolves once it listens. */
async function startServer(lab: Lab, pod: LabPod, argv: string[]): Promise<ChildProcess> {
  const child = lab.spawn(pod.name, [...trafficCommand(), 'server', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaints = textOf(child);
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', () => resolve());
    child.once('error', reject);
    child.once('close', () =>
      reject(new Error(`traffic server ${argv.join(' ')} on ${pod.name}: ${complaints().trim()}`)),
    );
  });
  return child;
}

function textOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (part: string) => (text += part));
  return () => text;
}

function collect(child: ChildProcess, about: Omit<TrafficResult, 'summary' | 'errors'>): Promise<TrafficResult> {
  let summary: Summary | null = null;
  const complaints = textOf(child);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const said = JSON.parse(line) as { type: string } & Summary;
    if (said.type === 'summary') summary = said;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve({ ...about, summary, errors: complaints() }));
  });
}
