/** What the nodes say of themselves: whether they speak, at what cost, and what they could not write. */
import { createNodes, isGone, type Away, type Listener, type NodeState, type PeerState } from '../../../agent/marks/nodes.ts'; // prettier-ignore
import type { Summary } from '../../../agent/paths/counting.ts';
import type { Message, Status } from '../../../agent/wire/messages.ts';

export interface NodeHealth {
  name: string;
  state: 'up' | 'silent' | 'down';
  /** Since when it is in that state, wall time. */
  sinceMs: number;
  /** Why it is down, as the gateway says. */
  error: string;
  version: string;
  kernel: string;
  hooks: string;
  /** Why its drops are not watched; empty: they are. */
  noDrops: string;
  /** Of whose netfilter rules it tells no changes; empty: of none. */
  noRules: string;
  startedAt: string;
  /** By how much its clock is wrong on purpose; empty: it is not. */
  testClock: string;
  exponent: number;
  recordsPerSecond: number;
  /** Percent of one CPU, and bytes, of hoplens itself. */
  cpuPercent: number;
  memoryBytes: number;
  /** Since the agent's start. */
  ringFull: number;
  capped: number;
  /** Frames of this node that did not reach this page. */
  missed: number;
  offsetNs: number;
  boundNs: number;
  relativeBoundNs: number;
  /** What the offset rests on; empty for the reference and while unknown. */
  clockSource: string;
  /** Why the offset is unknown, in words; empty where it is known. */
  clockUnknown: string;
  devices: number;
  unattached: number;
  /** Times without a word from it, in what is held. */
  away: Away[];
}

export interface Health {
  frame(bytes: Uint8Array, nowMs: number): void;
  tick(nowMs: number): void;
  nodes(summary: Summary): NodeHealth[];
  peers(): PeerState[];
}

/** What was told by the stream that a node has now, and lost of all. */
interface Statuses {
  startedAt: string;
  /** The two latest. */
  status: Status | undefined;
  before: Status | undefined;
  missed: number;
}

/** @param listener hears what a node says, before it has been taken */
export function createHealth(listener: Listener): Health {
  const told = new Map<string, Statuses>();
  const nodes = createNodes({
    ...listener,
    message(node, message, nowMs) {
      listener.message(node, message, nowMs);
      take(told, node, message);
    },
  });
  return {
    frame: (bytes, nowMs) => nodes.frame(bytes, nowMs),
    tick: (nowMs) => nodes.tick(nowMs),
    nodes: (summary) => nodes.list().map((node) => healthOf(node, told.get(node.name)!, nodes.peers(), summary)).sort(byName), // prettier-ignore
    peers: () => nodes.peers(),
  };
}

function take(all: Map<string, Statuses>, node: string, message: Message): void {
  const told = all.get(node);
  if (message.type === 'hello') all.set(node, atHello(told, message.startedAt));
  else if (message.type === 'missed') told!.missed += message.frames;
  else if (message.type === 'status') takeStatus(told!, message);
}

const atHello = (known: Statuses | undefined, startedAt: string): Statuses =>
  known?.startedAt === startedAt
    ? known
    : { startedAt, status: undefined, before: undefined, missed: known?.missed ?? 0 };

function takeStatus(told: Statuses, status: Status): void {
  if (told.status && status.timeNs <= told.status.timeNs) return;
  told.before = told.status;
  told.status = status;
}

const byName = (a: NodeHealth, b: NodeHealth): number => (a.name < b.name ? -1 : 1);

function healthOf(node: NodeState, told: Statuses, peers: PeerState[], summary: Summary): NodeHealth {
  const { hello } = node;
  const { status } = told;
  const peer = peers.find((candidate) => candidate.node === hello.node);
  const isDown = peer !== undefined && isGone(peer);
  const clock = summary.clocks[hello.node] as Summary['clocks'][string] | undefined;
  const sum = (what: 'ringFull' | 'capped'): number => (status?.totals ?? []).reduce((all, hop) => all + hop[what], 0);
  return {
    name: hello.node,
    state: isDown ? 'down' : node.isSilent ? 'silent' : 'up',
    sinceMs: isDown && !node.isSilent ? peer.sinceMs : node.sinceMs,
    error: isDown ? peer.error : '',
    version: hello.hoplens,
    kernel: hello.kernel.release,
    hooks: hello.kernel.hooks,
    noDrops: hello.kernel.noDrops ?? '',
    noRules: hello.kernel.noRules ?? '',
    startedAt: hello.startedAt,
    testClock: hello.testClock ?? '',
    exponent: summary.exponents[hello.node] ?? 0,
    recordsPerSecond: status?.cost.recordsPerSecond ?? 0,
    cpuPercent: cpuOf(told),
    memoryBytes: status?.cost.rssBytes ?? NaN,
    ringFull: sum('ringFull'),
    capped: sum('capped'),
    missed: told.missed,
    offsetNs: clock?.offsetNs ?? NaN,
    boundNs: clock?.boundNs ?? NaN,
    relativeBoundNs: clock?.relativeBoundNs ?? NaN,
    clockSource: clock?.source ?? '',
    clockUnknown: clock?.unknown ?? '',
    devices: hello.devices.length,
    unattached: hello.devices.filter((device) => device.error !== undefined).length,
    away: [...node.away],
  };
}

function cpuOf({ status, before }: Statuses): number {
  if (!status || !before) return NaN;
  return (100 * status.cost.cpuMs * 1e6) / (status.timeNs - before.timeNs);
}
