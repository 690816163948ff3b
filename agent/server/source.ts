/** Where frames come from: the worker, the peers or a recording. The server treats them alike. */
import type { Past } from '../history/past.ts';
import type { Span } from '../history/recorder.ts';
import { FrameType, HEADER_BYTES } from '../wire/frame.ts';

export interface FrameSource {
  /** What a reader needs before any other frame: of each stream its latest hello, devices, places, names and status; then peers. */
  state(): Uint8Array[];
  /** Calls back with every frame from now on, until the returned function is called. */
  subscribe(listener: (frame: Uint8Array) => void): () => void;
  /** What is held of the past, where any is. */
  held?: Held;
}

/** Pasts (agent/history/past.ts) of nodes, to be asked for by how long ago. */
export interface Held {
  /** Resolves when it is known whose there are. */
  ready?: () => Promise<void>;
  /** Of how many nodes there are at most. */
  nodes: () => number;
  read(span: Span): Past[];
}

/** A source that frames are pushed into; it keeps what newcomers need. */
export interface Hub extends FrameSource {
  /** A frame whose header was checked; kept and handed on as it is. */
  push(frame: Uint8Array): void;
  /** The stream is over: newcomers do not hear of it. */
  forget(stream: number): void;
}

/** The fields of a checked frame's header, without decoding the rest. */
export interface FramePlace {
  type: FrameType;
  stream: number;
  sequence: number;
  timeMs: number;
}

export function framePlace(frame: Uint8Array): FramePlace {
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  return {
    type: view.getUint8(5) as FrameType,
    stream: view.getUint32(8, true),
    sequence: view.getUint32(12, true),
    timeMs: view.getUint32(20, true),
  };
}

/** The latest frame of each type that newcomers need, in the order in which they need them. */
const KEPT = [FrameType.hello, FrameType.devices, FrameType.places, FrameType.names, FrameType.status] as const;
type StreamState = Map<FrameType, Uint8Array>;

/** Memory is bounded whatever a source sends: the oldest stream goes. */
const MAX_STREAMS = 1024;

export function createHub(): Hub {
  const streams = new Map<number, StreamState>();
  const listeners = new Set<(frame: Uint8Array) => void>();
  let peers: Uint8Array | undefined;

  const stateOf = (stream: number): StreamState => {
    let state = streams.get(stream);
    if (state === undefined) {
      if (streams.size >= MAX_STREAMS) streams.delete(streams.keys().next().value!);
      streams.set(stream, (state = new Map<FrameType, Uint8Array>()));
    }
    return state;
  };

  return {
    push(frame) {
      const { type, stream } = framePlace(frame);
      if (type === FrameType.peers) peers = frame;
      else if ((KEPT as readonly FrameType[]).includes(type)) keep(stateOf(stream), type, frame);
      for (const listener of listeners) listener(frame);
    },
    forget: (stream) => void streams.delete(stream),
    state() {
      const frames: Uint8Array[] = [];
      for (const state of streams.values()) {
        // Without its hello a stream means nothing to a newcomer.
        if (!state.has(FrameType.hello)) continue;
        frames.push(...KEPT.map((type) => state.get(type)).filter((frame) => frame !== undefined));
      }
      return peers ? [...frames, peers] : frames;
    },
    subscribe(listener) {
      // A function of its own, so that one listener can subscribe twice.
      const own = (frame: Uint8Array): void => listener(frame);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}

function keep(state: StreamState, type: FrameType, frame: Uint8Array): void {
  // A client's frame may be a view into a much larger buffer.
  const kept = frame.byteLength * 2 < frame.buffer.byteLength ? frame.slice() : frame;
  // It names the devices itself.
  if (type === FrameType.hello) state.delete(FrameType.devices);
  state.set(type, kept);
}
