/** What the nodes say of themselves: whether they speak, at what cost, and what they could not write. */
import { framePlace } from '../../../agent/server/source.ts';
import type { Summary } from '../../../agent/paths/counting.ts';
import { FrameType, WireError, decodeFrame } from '../../../agent/wire/frame.ts';
import { decodeMessage, type Hello, type Message, type Peers, type Status } from '../../../agent/wire/messages.ts';

export interface Away {
  fromMs: number;
  /** Infinity while it lasts. */
  toMs: number;
}

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

export interface PeerState {
  url: string;
  node: string;
  state: Peers['peers'][number]['state'];
  error: string;
  sinceMs: number;
}

export interface Health {
  frame(bytes: Uint8Array, nowMs: number): void;
  tick(nowMs: number): void;
  nodes(summary: Summary): NodeHealth[];
  peers(): PeerState[];
}

/** Statuses come every second: a node silent for longer than this is not heard. */
const SILENT_MS = 3500;
const MAX_AWAY = 64;

interface Known {
  hello: Hello;
  /** The two latest. */
  status: Status | undefined;
  before: Status | undefined;
  heardMs: number;
  stateMs: number;
  isSilent: boolean;
  missed: number;
  away: Away[];
}

/** @param onMessage hears what a node says, after it has been taken */
export function createHealth(onMessage: (node: string, message: Message, nowMs: number) => void = () => {}): Health {
  const nodes = new Map<string, Known>();
  const streams = new Map<number, Known>();
  let peers: PeerState[] = [];

  function takeHello(stream: number, hello: Hello, nowMs: number): void {
    const known = nodes.get(hello.node);
    if (known)
      Object.assign(known, { hello, ...(streams.get(stream) !== known && { status: undefined, before: undefined }) });
    const node = known ?? newNode(hello, nowMs);
    for (const [id, other] of streams) if (other === node) streams.delete(id);
    streams.set(stream, node);
    nodes.set(hello.node, node);
  }

  function takeStatus(node: Known, status: Status): void {
    if (node.status && status.timeNs <= node.status.timeNs) return;
    node.before = node.status;
    node.status = status;
  }

  function takePeers(message: Peers, nowMs: number): void {
    peers = newPeers(peers, message, nowMs);
    for (const peer of peers) {
      const node = nodes.get(peer.node);
      if (node && isGone(peer)) silence(node);
    }
  }

  function take(bytes: Uint8Array, nowMs: number): void {
    const { type, stream } = framePlace(bytes);
    if (type === FrameType.legs) return heard(streams.get(stream), nowMs);
    const message = decodeMessage(decodeFrame(bytes));
    if (message.type === 'peers') takePeers(message, nowMs);
    else if (message.type === 'hello') takeHello(stream, message, nowMs);
    const node = streams.get(stream);
    if (!node) return;
    onMessage(node.hello.node, message, nowMs);
    if (message.type === 'missed') node.missed += message.frames;
    else if (message.type === 'devices') node.hello = { ...node.hello, devices: message.devices };
    else if (message.type === 'status') {
      takeStatus(node, message);
      heard(node, nowMs);
    }
  }

  return {
    frame(bytes, nowMs) {
      try {
        take(bytes, nowMs);
      } catch (error) {
        // The assembler counts what is not whole.
        if (!(error instanceof WireError)) throw error;
      }
    },
    tick(nowMs) {
      for (const node of nodes.values()) if (nowMs - node.heardMs > SILENT_MS) silence(node);
    },
    nodes: (summary) => [...nodes.values()].map((node) => healthOf(node, peers, summary)).sort(byName),
    peers: () => peers,
  };
}

const byName = (a: NodeHealth, b: NodeHealth): number => (a.name < b.name ? -1 : 1);

const newNode = (hello: Hello, nowMs: number): Known => ({
  hello, status: undefined, before: undefined, heardMs: nowMs, stateMs: nowMs, isSilent: false, missed: 0, away: [],
}); // prettier-ignore

const isGone = (peer: PeerState): boolean => peer.state === 'down' || peer.state === 'refused';

function silence(node: Known): void {
  if (node.isSilent) return;
  node.isSilent = true;
  node.stateMs = node.heardMs;
  node.away.push({ fromMs: node.heardMs, toMs: Infinity });
  if (node.away.length > MAX_AWAY) node.away.shift();
}

function heard(node: Known | undefined, nowMs: number): void {
  if (!node) return;
  if (node.isSilent) {
    node.isSilent = false;
    node.stateMs = nowMs;
    node.away.at(-1)!.toMs = nowMs;
  }
  node.heardMs = nowMs;
}

function newPeers(before: PeerState[], { peers }: Peers, nowMs: number): PeerState[] {
  return peers.map(({ url, node, state, error }) => {
    const old = before.find((peer) => peer.url === url);
    const sinceMs = old?.state === state ? old.sinceMs : nowMs;
    return { url, node: node ?? old?.node ?? '', state, error: error ?? '', sinceMs };
  });
}

function healthOf(node: Known, peers: PeerState[], summary: Summary): NodeHealth {
  const { hello, status } = node;
  const peer = peers.find((candidate) => candidate.node === hello.node);
  const isDown = peer !== undefined && isGone(peer);
  const clock = summary.clocks[hello.node] as Summary['clocks'][string] | undefined;
  const sum = (what: 'ringFull' | 'capped'): number => (status?.totals ?? []).reduce((all, hop) => all + hop[what], 0);
  return {
    name: hello.node,
    state: isDown ? 'down' : node.isSilent ? 'silent' : 'up',
    sinceMs: isDown && !node.isSilent ? peer.sinceMs : node.stateMs,
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
    cpuPercent: cpuOf(node),
    memoryBytes: status?.cost.rssBytes ?? NaN,
    ringFull: sum('ringFull'),
    capped: sum('capped'),
    missed: node.missed,
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

function cpuOf({ status, before }: Known): number {
  if (!status || !before) return NaN;
  return (100 * status.cost.cpuMs * 1e6) / (status.timeNs - before.timeNs);
}
