/**
 * The gateway: while somebody looks at the cluster it reads its peers' own streams and relays their frames byte for byte.
 */
import * as v from 'valibot';
import { StreamError } from '../client/errors.ts';
import { streamUrl } from '../client/protocol.ts';
import type { Asked } from '../probe/asker.ts';
import { connectStream, type Stream, type StreamLimits, type StreamState } from '../client/stream.ts';
import { readSnapshot } from '../client/snapshot.ts';
import type { Past } from '../history/past.ts';
import type { Span } from '../history/recorder.ts';
import { FrameType, NO_STREAM, WireError, decodeFrame } from '../wire/frame.ts';
import { decodeMessage, encodeMessage, type Peers } from '../wire/messages.ts';
import type { FilterAsked } from './lease.ts';
import { createHub, framePlace, type FrameSource, type Held, type Hub } from './source.ts';

export interface GatewayOptions {
  /** Addresses as connectStream takes them. */
  peers: string[];
  token?: string | undefined;
  /** Our own node's name, and our own stream once there is one: no peer may bear them. */
  node: string;
  ownStream: () => number | undefined;
  /** Peers are being connected to, or no longer. */
  onActive?: (isActive: boolean) => void;
  /** Resolves when whoever finds peers has, or cannot for now: what they hold of the past is about to be read. */
  peersKnown?: () => Promise<void>;
  /** Time for which peers stay connected when the last reader has gone. */
  lingerMs?: number;
  limits?: Partial<StreamLimits>;
}

export type PeerState = Peers['peers'][number];

export interface GatewayStats {
  framesRelayed: number;
  bytesRelayed: number;
  /** Messages of peers that were no frames, or frames that could not be theirs. */
  garbage: number;
  /** Peers turned away, by the error's code. */
  refusals: Record<string, number>;
}

export interface Gateway extends FrameSource {
  /** What peers are to follow for a reader of ours, until told otherwise. */
  follow(asked: FilterAsked | undefined): void;
  /** Peers that were found, instead of those found before; those of the options stay. */
  found(addresses: string[]): void;
  held: Held;
  stats: GatewayStats;
  peers(): PeerState[];
  /** The far ends of the connections to peers. */
  remotes(): { address: string; port: number }[];
  /** Where the agents of connected peers answer the probe; those without it are left out. */
  probed(): Asked[];
  stop(): void;
}

/** @throws StreamError 'address' */
export function createGateway(options: GatewayOptions): Gateway {
  return new PeerGateway(options);
}

interface Peer {
  address: string;
  /** Not one of the options. */
  isFound: boolean;
  state: PeerState;
  stream: Stream | undefined;
}

/** A newcomer waits for the past of a peer that does not answer no longer than this, and for one that falls silent. */
const PAST_MS = { firstMs: 1500, nextMs: 3000 };

const LINGER_MS = 5000;
/** A peer takes 20 control messages in ten seconds. */
const TELL_MS = 600;

const probePort = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const told = v.object({
  node: v.pipe(v.string(), v.minLength(1), v.maxLength(253)),
  probePort: v.fallback(v.optional(probePort), undefined),
});

/** What a hello says that matters here. */
type Told = v.InferOutput<typeof told>;

const newPeer = (address: string, isFound: boolean): Peer => ({
  address,
  isFound,
  state: { url: address, state: 'connecting' },
  stream: undefined,
});

class PeerGateway implements Gateway {
  readonly stats: GatewayStats = { framesRelayed: 0, bytesRelayed: 0, garbage: 0, refusals: {} };
  readonly #options: GatewayOptions;
  readonly #hub: Hub = createHub();
  #peers: Peer[];
  /** Whose a stream is, and which node's. */
  readonly #streams = new Map<number, Told & { peer: Peer }>();
  readonly held: Held;
  readonly #startedMs = performance.now();
  #subscribers = 0;
  #linger: NodeJS.Timeout | undefined;
  #isActive = false;
  #asked: FilterAsked | undefined;
  /** What peers were told last. */
  #told: FilterAsked | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #sequence = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    // Wrong addresses are found now, not when somebody looks.
    for (const address of options.peers) streamUrl(address, 'node');
    this.#peers = options.peers.map((address) => newPeer(address, false));
    this.held = {
      ready: async () => await options.peersKnown?.(),
      nodes: () => this.#peers.length,
      read: (span) => this.#read(span),
    };
  }

  /**
   * Each peer keeps its own past and is asked for it: this agent's memory does not grow with the cluster, and nobody must
   * have been looking for it to be there.
   */
  #read(span: Span): Past[] {
    const asked = this.#peers.filter(({ state: { state } }) => state === 'connecting' || state === 'up');
    const { token } = this.#options;
    return asked.map(({ address }) => readSnapshot({ address, scope: 'node', token, span, ...PAST_MS }));
  }

  peers(): PeerState[] {
    return this.#peers.map((peer) => peer.state);
  }

  remotes(): { address: string; port: number }[] {
    return this.#peers.flatMap((peer) => peer.stream?.remote() ?? []);
  }

  probed(): Asked[] {
    return [...this.#streams.values()].flatMap(({ peer, node, probePort: port }) => {
      const remote = peer.state.state === 'up' ? peer.stream?.remote() : undefined;
      return remote && port !== undefined ? [{ node, address: remote.address, port }] : [];
    });
  }

  state(): Uint8Array[] {
    return this.#hub.state();
  }

  subscribe(listener: (frame: Uint8Array) => void): () => void {
    const unsubscribe = this.#hub.subscribe(listener);
    this.#subscribers++;
    clearTimeout(this.#linger);
    if (!this.#isActive) this.#activate();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      unsubscribe();
      // Once it is stopped there is nothing to linger for, and the process would not end before.
      if (--this.#subscribers === 0 && this.#isActive) {
        this.#linger = setTimeout(() => this.stop(), this.#options.lingerMs ?? LINGER_MS);
      }
    };
  }

  found(addresses: string[]): void {
    const wanted = new Set(addresses);
    const gone = this.#peers.filter((peer) => peer.isFound && !wanted.has(peer.address));
    for (const peer of gone) this.#disconnect(peer);
    this.#peers = this.#peers.filter((peer) => !gone.includes(peer));
    const known = new Set(this.#peers.map(({ address }) => streamUrl(address, 'node')));
    const come = [...wanted].filter((address) => !known.has(streamUrl(address, 'node')));
    const peers = come.map((address) => newPeer(address, true));
    this.#peers.push(...peers);
    if (this.#isActive) for (const peer of peers) this.#connect(peer);
    if (gone.length + peers.length > 0) this.#publish();
  }

  stop(): void {
    clearTimeout(this.#linger);
    clearTimeout(this.#telling);
    // Peers forget with the connection, and are asked anew with the next.
    [this.#telling, this.#told] = [undefined, undefined];
    if (this.#isActive) this.#options.onActive?.(false);
    this.#isActive = false;
    for (const peer of this.#peers) {
      this.#disconnect(peer);
      peer.state = { url: peer.address, state: 'connecting' };
    }
    this.#publish();
  }

  #disconnect(peer: Peer): void {
    peer.stream?.close();
    peer.stream = undefined;
    this.#forget(peer);
  }

  #activate(): void {
    this.#isActive = true;
    this.#options.onActive?.(true);
    for (const peer of this.#peers) this.#connect(peer);
    this.#publish();
  }

  #connect(peer: Peer): void {
    peer.stream = connectStream({
      address: peer.address,
      scope: 'node',
      token: this.#options.token,
      retry: 'always',
      ...(this.#options.limits && { limits: this.#options.limits }),
      onFrame: (frame) => this.#frame(peer, frame),
      onGarbage: () => this.stats.garbage++,
      onState: (state) => this.#stateOf(peer, state),
    });
  }

  #stateOf(peer: Peer, state: StreamState): void {
    switch (state.state) {
      case 'connecting':
        // What went wrong stays visible until the peer is up.
        return;
      case 'up':
        return this.#ask(peer);
      case 'down':
        return this.#down(peer, state.error);
      case 'ended':
        return this.#down(peer, state.error ?? new StreamError('lost', `${peer.address}: the recording ended`));
    }
  }

  follow(asked: FilterAsked | undefined): void {
    this.#asked = asked;
    // Of quick changes the last one counts: a peer takes only so many control messages.
    this.#telling ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  #tell(): void {
    this.#telling = undefined;
    if (this.#asked === this.#told) return;
    this.#told = this.#asked;
    for (const peer of this.#peers) peer.stream?.send({ type: 'filter', expression: '', ...this.#asked });
  }

  /** A peer forgets with the connection. */
  #ask(peer: Peer): void {
    if (this.#asked) peer.stream?.send({ type: 'filter', ...this.#asked });
  }

  #down(peer: Peer, error: StreamError): void {
    this.#forget(peer);
    const isRefused = error.isFinal || error.code === 'duplicate';
    if (isRefused) this.stats.refusals[error.code] = (this.stats.refusals[error.code] ?? 0) + 1;
    peer.state = { ...peer.state, state: isRefused ? 'refused' : 'down', error: error.message };
    this.#publish();
  }

  #forget(peer: Peer): void {
    for (const [stream, owner] of this.#streams) {
      if (owner.peer === peer) this.#forgetStream(stream);
    }
  }

  #forgetStream(stream: number): void {
    this.#streams.delete(stream);
    this.#hub.forget(stream);
  }

  #frame(peer: Peer, frame: Uint8Array): void {
    const { type, stream } = framePlace(frame);
    // A peer's view of the cluster is not ours.
    if (type === FrameType.peers) return;
    const error = type === FrameType.hello ? this.#hello(peer, stream, frame) : this.#stranger(peer, stream);
    if (error) {
      if (error.code === 'garbage') this.stats.garbage++;
      return peer.stream?.reject(error);
    }
    this.stats.framesRelayed++;
    this.stats.bytesRelayed += frame.length;
    this.#hub.push(frame);
  }

  #stranger(peer: Peer, stream: number): StreamError | undefined {
    if (this.#streams.get(stream)?.peer === peer) return undefined;
    return new StreamError('garbage', `${peer.address} sent a frame of a stream without its hello`);
  }

  /** Takes a peer's stream on; the error when it must not be. */
  #hello(peer: Peer, stream: number, frame: Uint8Array): StreamError | undefined {
    const hello = readHello(frame);
    if (!hello) return new StreamError('garbage', `${peer.address} sent a hello without a node's name`);
    const { node } = hello;
    const error = this.#conflict(peer, stream, node);
    if (error) return error;
    for (const [other, owner] of this.#streams) {
      // The agent was started again: its former stream is over.
      if (owner.node === node && other !== stream) this.#forgetStream(other);
    }
    this.#streams.set(stream, { ...hello, peer });
    if (peer.state.state !== 'up' || peer.state.node !== node) {
      peer.state = { url: peer.address, node, state: 'up' };
      this.#publish();
    }
    return undefined;
  }

  #conflict(peer: Peer, stream: number, node: string): StreamError | undefined {
    const duplicate = (text: string): StreamError => new StreamError('duplicate', `${peer.address} ${text}`);
    if (stream === this.#options.ownStream()) return duplicate('is this agent itself');
    if (node === this.#options.node)
      return duplicate(`says its node is ${node}, as ours is: give one of them another --node`);
    for (const [other, owner] of this.#streams) {
      if (owner.peer === peer) continue;
      if (other === stream) return duplicate(`is the same agent as ${owner.peer.address}`);
      if (owner.node === node) {
        return duplicate(`says its node is ${node}, as ${owner.peer.address} does: give one of them another --node`);
      }
    }
    return undefined;
  }

  #publish(): void {
    const timeMs = Math.round(performance.now() - this.#startedMs) >>> 0;
    const header = { stream: NO_STREAM, sequence: this.#sequence++ >>> 0, timeMs };
    this.#hub.push(encodeMessage(header, { type: 'peers', peers: this.peers() }));
  }
}

function readHello(frame: Uint8Array): Told | undefined {
  try {
    const parsed = v.safeParse(told, decodeMessage(decodeFrame(frame)));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
