/** Which node a frame is from, what it said last, and the times in which nothing was heard of it. */
import { framePlace } from '../server/source.ts';
import { FrameType, WireError, decodeFrame } from '../wire/frame.ts';
import { decodeMessage, type Hello, type Message, type Peers } from '../wire/messages.ts';

/** A time without a word from a node. */
export interface Away {
  fromMs: number;
  /** Infinity while it lasts. */
  toMs: number;
}

export interface NodeState {
  name: string;
  /** With the devices as they are now. */
  hello: Hello;
  heardMs: number;
  isSilent: boolean;
  /** Since when it is heard, or was heard last. */
  sinceMs: number;
  away: Away[];
}

export interface PeerState {
  url: string;
  node: string;
  state: Peers['peers'][number]['state'];
  error: string;
  sinceMs: number;
}

/** Who is told. */
export interface Listener {
  message(node: string, message: Message, nowMs: number): void;
  /** Heard last at this time. */
  away(node: string, lastMs: number): void;
  back(node: string, nowMs: number): void;
}

export interface Nodes {
  frame(bytes: Uint8Array, nowMs: number): void;
  /** A few times a second: silence is no frame. */
  tick(nowMs: number): void;
  list(): NodeState[];
  peers(): PeerState[];
}

/** Statuses come every second: a node silent for longer than this is not heard. */
const SILENT_MS = 3500;
/** A reader that looked no sooner stood still itself: what came meanwhile waits for it. */
const STOOD_MS = 2000;
const MAX_AWAY = 64;

export function createNodes(listener: Listener): Nodes {
  const nodes = new Map<string, NodeState>();
  const streams = new Map<number, NodeState>();
  let peers: PeerState[] = [];
  let tickedMs = -Infinity;
  let stoodMs = -Infinity;

  function takeHello(stream: number, hello: Hello, nowMs: number): void {
    const known = nodes.get(hello.node);
    const node = known ?? newNode(hello, nowMs);
    node.hello = hello;
    for (const [id, other] of streams) if (other === node) streams.delete(id);
    streams.set(stream, node);
    nodes.set(hello.node, node);
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
    if (message.type === 'devices') node.hello = { ...node.hello, devices: message.devices };
    listener.message(node.name, message, nowMs);
    if (message.type === 'status') heard(node, nowMs);
  }

  function silence(node: NodeState): void {
    if (node.isSilent) return;
    node.isSilent = true;
    node.sinceMs = node.heardMs;
    node.away.push({ fromMs: node.heardMs, toMs: Infinity });
    if (node.away.length > MAX_AWAY) node.away.shift();
    listener.away(node.name, node.heardMs);
  }

  function heard(node: NodeState | undefined, nowMs: number): void {
    if (!node) return;
    node.heardMs = nowMs;
    if (!node.isSilent) return;
    node.isSilent = false;
    node.sinceMs = nowMs;
    node.away.at(-1)!.toMs = nowMs;
    listener.back(node.name, nowMs);
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
      if (nowMs - tickedMs > STOOD_MS) stoodMs = nowMs;
      tickedMs = nowMs;
      for (const node of nodes.values()) if (nowMs - Math.max(node.heardMs, stoodMs) > SILENT_MS) silence(node);
    },
    list: () => [...nodes.values()],
    peers: () => peers,
  };
}

const newNode = (hello: Hello, nowMs: number): NodeState => ({
  name: hello.node, hello, heardMs: nowMs, sinceMs: nowMs, isSilent: false, away: [],
}); // prettier-ignore

export const isGone = (peer: PeerState): boolean => peer.state === 'down' || peer.state === 'refused';

function newPeers(before: PeerState[], { peers }: Peers, nowMs: number): PeerState[] {
  return peers.map(({ url, node, state, error }) => {
    const old = before.find((peer) => peer.url === url);
    const sinceMs = old?.state === state ? old.sinceMs : nowMs;
    return { url, node: node ?? old?.node ?? '', state, error: error ?? '', sinceMs };
  });
}
