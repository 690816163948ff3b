/** What the tests of faults share: hoplens as a user starts it, a reader of its stream, waiting for conditions. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { connectStream, type StreamState } from '../../agent/client/stream.ts';
import type { Summary } from '../../agent/paths/counting.ts';
import type { JsonPath } from '../../agent/paths/json.ts';
import { FrameType, decodeFrame } from '../../agent/wire/frame.ts';
import { decodeMessage, type Message } from '../../agent/wire/messages.ts';
import { hoplensCommand, type Agents } from '../lab/agents.ts';
import type { Lab } from '../lab/index.ts';
import { inNamespace, run, type RunResult } from '../lab/run.ts';

const WAIT_MS = 30_000;

/** Waits for a condition and gives what it gave. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  limitMs = WAIT_MS,
): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (performance.now() > deadlineMs) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs `hoplens ...` to its end. `before` stands in front of it, as in `['nsenter', ...]`. */
export function hoplens(args: string[], before: string[] = []): Promise<RunResult> {
  return run([...before, ...hoplensCommand(), ...args], { allowFailure: true, timeoutMs: 50_000 });
}

export interface Running {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Ends it (again: nothing) and gives its exit code, null where a signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a command that runs until it is ended. One that is `detached`, in a process group of its own, outlives a killed test. */
export function start(argv: string[], detached = false): Running {
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], detached });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text.out += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text.err += part));
  const closed = once(child, 'close');
  return {
    child,
    stdout: () => text.out,
    stderr: () => text.err,
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await closed;
      return child.exitCode;
    },
  };
}

export const startHoplens = (args: string[], before: string[] = []): Running =>
  start([...before, ...hoplensCommand(), ...args]);

/** The address that an agent or a replay says it serves. */
export const servedAt = (running: Running): Promise<string> =>
  until('a served address', () => {
    if (running.child.exitCode !== null) throw new Error(`it ended: ${running.stderr()}`);
    return /ws:\/\/\S+:\d+/.exec(running.stderr())?.[0];
  });

export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;

export interface Watch {
  /** All messages of a type that came, of one node or of all, in their order. */
  all<T extends Message['type']>(type: T, node?: string): MessageOf<T>[];
  last<T extends Message['type']>(type: T, node?: string): MessageOf<T> | undefined;
  /** Frames of legs that came from a node. */
  legs(node: string): number;
  states: StreamState[];
  [Symbol.dispose](): void;
}

/** Reads the stream of an agent and of its peers. */
export function watch(address: string, tokenFile?: string): Watch {
  const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim();
  const nodes = new Map<number, string>();
  const messages: { node: string; message: Message }[] = [];
  const legs = new Map<string, number>();
  const states: StreamState[] = [];
  const stream = connectStream({
    address,
    scope: 'cluster',
    token,
    retry: 'always',
    onState: (state) => states.push(state),
    onFrame(bytes) {
      const frame = decodeFrame(bytes);
      const node = nodes.get(frame.stream) ?? '';
      if (frame.type === FrameType.legs) return void legs.set(node, (legs.get(node) ?? 0) + 1);
      const message = decodeMessage(frame);
      if (message.type === 'hello') nodes.set(frame.stream, message.node);
      messages.push({ node: nodes.get(frame.stream) ?? '', message });
    },
  });
  const all = <T extends Message['type']>(type: T, node?: string): MessageOf<T>[] =>
    messages
      .filter((each) => each.message.type === type && (node === undefined || each.node === node))
      .map((each) => each.message as MessageOf<T>);
  return {
    all,
    last: (type, node) => all(type, node).at(-1),
    legs: (node) => legs.get(node) ?? 0,
    states,
    [Symbol.dispose]: () => stream.close(),
  };
}

export interface Traced {
  paths: JsonPath[];
  summary: Summary;
  stderr: string;
}

/** `hoplens trace --json` to its end. */
export async function trace(url: string, tokenFile: string, args: string[]): Promise<Traced> {
  const { stdout, stderr } = await hoplens(['trace', '--gateway', url, '--token-file', tokenFile, '--json', ...args]);
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as JsonPath | Summary); // prettier-ignore
  const summary = lines.find((line) => line.type === 'summary');
  if (!summary) throw new Error(`trace gave no summary: ${stderr}`);
  return { paths: lines.filter((line) => line.type === 'path'), summary, stderr };
}

/** Whole ways of a ping between two nodes: eight hops one way. */
export const wholeWays = ({ paths }: Traced): JsonPath[] =>
  paths.filter((path) => path.protocol.startsWith('icmp') && path.hops.length === 8);

export const ping = (lab: Lab, from: string, address: string, count: number) =>
  lab.exec(from, ['ping', '-n', '-q', '-c', String(count), '-i', '0.02', '-W', '2', address], { allowFailure: true });

export interface Pings {
  /** Sequence numbers of the answers. */
  answers(): number[];
  /** Ends it; gives the numbers below the last answer that were never answered. */
  end(): Promise<number[]>;
}

/** Pings until told to end. What is on its way at the end counts as neither lost nor answered. */
export function startPing(lab: Lab, from: string, address: string, perSecond: number): Pings {
  const running = start(inNamespace(lab.netns(from), ['ping', '-n', '-i', String(1 / perSecond), address]));
  const answers = (): number[] =>
    [...running.stdout().matchAll(/icmp_seq=(\d+) ttl/g)].map((match) => Number(match[1]));
  return {
    answers,
    async end() {
      await running.end('SIGINT');
      const answered = new Set(answers());
      return Array.from({ length: Math.max(0, ...answered) }, (_, i) => i + 1).filter(
        (number) => !answered.has(number),
      );
    },
  };
}

/** Traces pings, which go on until the trace has ended: how long it takes to begin does not matter. */
export async function tracePings(lab: Lab, agents: Agents, from: string, to: string, args: string[]): Promise<Traced> {
  const pings = startPing(lab, from, lab.pod(to).ip, 50);
  try {
    return await trace(agents.url, agents.tokenFile, [...args, 'icmp']);
  } finally {
    await pings.end();
  }
}

/** Sums a metric over the labels that `labels` matches. */
export async function metric(url: string, name: string, labels = /.*/): Promise<number> {
  const response = await fetch(`${url.replace('ws:', 'http:')}/metrics`);
  if (!response.ok) throw new Error(`/metrics: ${response.status} ${await response.text()}`);
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith(name) && labels.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Open files of a process, and its memory in bytes. */
export function usage(pid: number): { files: number; rssBytes: number } {
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { files: readdirSync(`/proc/${pid}/fd`).length, rssBytes: Number(rss) * 1024 };
}
