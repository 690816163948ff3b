/**
 * A cluster watched by this process: the frames that `trace` would read, put together by the same assembler, with what the
 * printed paths leave out (absolute times, sequence numbers, status messages). The watched time begins and ends exactly.
 */
import { readFileSync } from 'node:fs';
import { connectStream } from '../../agent/client/stream.ts';
import type { Scope } from '../../agent/client/protocol.ts';
import { createAssembler, defaultOptions } from '../../agent/paths/assemble.ts';
import type { Summary } from '../../agent/paths/counting.ts';
import { toJson, type JsonPath } from '../../agent/paths/json.ts';
import type { PathView } from '../../agent/paths/view.ts';
import { FrameType, decodeFrame } from '../../agent/wire/frame.ts';
import { decodeMessage, type Hello, type HopTotals, type Status } from '../../agent/wire/messages.ts';
import { isEmulated, until } from './support.ts';

/** What a path's record at one hop holds beside what is printed. */
export interface SeenRecord {
  /** CLOCK_MONOTONIC; exact to the nanosecond in the first 104 days after the machine's start. */
  timeNs: number;
  /** TCP: of the first byte; else the IPv4 id. */
  sequence: number;
  payload: number;
  mark: number;
  /** TCP: hash of (ack, TSval, TSecr). */
  context: number;
}

export interface SeenPath extends JsonPath {
  /** enum identity_kind of bpf/record.h. */
  identityKind: number;
  /** By hop. */
  records: SeenRecord[];
  /** Of the first hop's record, or of the drop's where there was no hop. */
  timeNs: number;
}

/** Everything that one node said of itself. */
export interface SeenNode {
  hello: Hello;
  epochNs: number;
  statuses: Status[];
}

export interface Seen<T> {
  paths: SeenPath[];
  summary: Summary;
  nodes: Map<string, SeenNode>;
  /** What the action gave. */
  result: T;
}

export interface WatchOptions {
  /** `node`: the gateway's own stream alone; then no agent's frames cross the network. */
  scope?: Scope;
  /** Which paths are kept; all are counted. */
  keep?: (view: PathView) => boolean;
  /** How long an incomplete path is waited for; as `trace` does without it. */
  verdictMs?: number;
  /** What the watched time begins behind. */
  after?: Promise<unknown>;
}

/** What the action may ask meanwhile. */
export interface Watching {
  nodes: Map<string, SeenNode>;
  /** A status of this node that tells of now. */
  statusNow: (node: string) => Promise<Status>;
  /** Of what is settled so far. */
  summary: () => Summary;
}

const TICK_MS = 50;
/** Verdicts are spoken five seconds after a packet. */
const VERDICTS_MS = 15_000;
/** Nodes' times are put on ours to some milliseconds: what the action caused is to lie before its end. */
export const MARGIN_NS = 100e6;

export const monotonicNs = (): number => Number(process.hrtime.bigint());

const nodesOf = (cluster: { lab: { nodes: { name: string }[] } }, scope: Scope): string[] =>
  cluster.lab.nodes.slice(0, scope === 'node' ? 1 : undefined).map(({ name }) => name);

interface Watched {
  lab: { nodes: { name: string }[] };
  agents: { url: string; tokenFile: string };
}

/** Watches while the action runs; every identity whose first record falls into that time counts, and no other. */
export async function watch<T>(
  cluster: Watched,
  action: (watching: Watching) => Promise<T>,
  { scope = 'cluster', keep = () => true, verdictMs = defaultOptions.verdictMs, after }: WatchOptions = {},
): Promise<Seen<T>> {
  const paths: SeenPath[] = [];
  const nodes = new Map<string, SeenNode>();
  const epochs = new Map<number, SeenNode>();
  const assembler = createAssembler((view) => void (keep(view) && paths.push(seenPath(view, nodes))), { verdictMs });
  const statusNow = (node: string): Promise<Status> => statusAfter(nodes, node, monotonicNs());
  const stream = connectStream({
    address: cluster.agents.url,
    token: readFileSync(cluster.agents.tokenFile, 'utf8').trim(),
    scope,
    retry: 'once-up',
    onFrame(bytes) {
      assembler.push(bytes, performance.now());
      listen(bytes, nodes, epochs);
    },
  });
  let isBegun = false;
  const timer = setInterval(() => isBegun && assembler.advance(performance.now()), TICK_MS);
  try {
    const names = nodesOf(cluster, scope);
    await until(() => names.every((name) => (nodes.get(name)?.statuses.length ?? 0) >= 2));
    await after;
    assembler.begin(performance.now());
    isBegun = true;
    const result = await action({ nodes, statusNow, summary: () => assembler.summary() });
    const endNs = monotonicNs() + MARGIN_NS;
    assembler.end(performance.now() + MARGIN_NS / 1e6);
    // A status that tells of the end comes behind the legs before it.
    await Promise.all(names.map((name) => statusAfter(nodes, name, endNs)));
    await until(() => assembler.pending() === 0, VERDICTS_MS);
    return { paths, summary: assembler.summary(), nodes, result };
  } finally {
    clearInterval(timer);
    stream.close();
  }
}

async function statusAfter(nodes: Map<string, SeenNode>, name: string, timeNs: number): Promise<Status> {
  const node = nodes.get(name)!;
  const isNew = (): boolean => (node.statuses.at(-1)?.timeNs ?? -Infinity) + node.epochNs >= timeNs;
  await until(isNew);
  return node.statuses.at(-1)!;
}

/** Waits until the nodes have told of so many seconds from now on. Gives each one's statuses of that time. */
export async function passed({ nodes, statusNow }: Watching, seconds: number): Promise<Map<string, Status[]>> {
  const told = [...nodes].map(async ([name, node]): Promise<[string, Status[]]> => {
    const from = await statusNow(name);
    await until(() => node.statuses.at(-1)!.timeNs >= from.timeNs + seconds * 1e9);
    return [name, node.statuses.slice(node.statuses.indexOf(from))];
  });
  return new Map(await Promise.all(told));
}

/** Keeps what the nodes say of themselves; of a gateway's repetitions only the first. */
function listen(bytes: Uint8Array, nodes: Map<string, SeenNode>, streams: Map<number, SeenNode>): void {
  const frame = decodeFrame(bytes);
  if (frame.type !== FrameType.hello && frame.type !== FrameType.status) return;
  const message = decodeMessage(frame);
  if (message.type === 'hello' && !streams.has(frame.stream)) {
    const node = { hello: message, epochNs: Number(message.epochNs), statuses: [] };
    streams.set(frame.stream, node);
    nodes.set(message.node, node);
  }
  const node = streams.get(frame.stream);
  if (message.type !== 'status' || !node) return;
  if (message.timeNs > (node.statuses.at(-1)?.timeNs ?? -Infinity)) node.statuses.push(message);
}

function seenPath(view: PathView, nodes: Map<string, SeenNode>): SeenPath {
  const recordAt = (hop: number): SeenRecord => {
    const frame = view.frames[hop];
    const row = view.rows[hop];
    return {
      timeNs: nodes.get(view.streams[hop].name)!.epochNs + frame.baseNs + frame.timeNs[row],
      sequence: frame.sequence[row],
      payload: frame.payload[row],
      mark: frame.mark[row],
      context: frame.context[row],
    };
  };
  const records = Array.from({ length: view.hopCount }, (_, hop) => recordAt(hop));
  return { ...toJson(view), identityKind: view.kind, records, timeNs: recordAt(0).timeNs };
}

/** The totals of a device by its name, in one direction. */
export function totalsOf({ hello }: SeenNode, status: Status, device: string, direction: string): HopTotals {
  const ifindex = hello.devices.find(({ name }) => name === device)?.ifindex;
  const found = status.totals.find((hop) => hop.ifindex === ifindex && hop.direction === direction);
  if (!found) throw new Error(`no totals of ${device} ${direction}`);
  return found;
}

/** Nobody waits for a neighbour's address here: what is late by a second will not come. */
export const verdictMs = isEmulated ? 5000 : 1500;

/** Emulated processors carry less. */
export const load = (usual: number): number => (isEmulated ? Math.ceil(usual / 10) : usual);

/** And what is started to be looked at for some seconds is there later. */
export const longer = (seconds: number): number => (isEmulated ? 5 * seconds : seconds);

export const lasting = (seconds: number): string => `${longer(seconds)}s`;

/** Of bulk traffic. An emulated processor that sends as fast as it can does nothing else: no agent gets to speak. */
export const fullSpeed: readonly string[] = isEmulated ? ['--rate-mbit', '40'] : [];
