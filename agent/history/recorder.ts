/**
 * The flight recorder: the last minutes of an agent's own stream, as the very frames that readers get. Bounded by bytes
 * first, by time second. It keeps references: nothing is copied or encoded again.
 *
 * A frame means nothing without the hello, devices, places and names before it. Those that are forgotten are kept aside,
 * one of each type, so that what is left can always be read from its beginning.
 */
import { FrameType } from '../wire/frame.ts';
import { framePlace } from '../server/source.ts';

export interface HistoryLimits {
  ms: number;
  bytes: number;
}

/** What is held, and what had to go before its time. */
export interface HistoryStats {
  frames: number;
  bytes: number;
  /** Since the oldest frame that is held. */
  seconds: number;
  limitSeconds: number;
  limitBytes: number;
  /** Frames that went because of bytes, not because of their age. */
  framesForgotten: number;
  bytesForgotten: number;
}

/** A part of the past by ages in milliseconds: everything is asked for "so long ago", for clocks differ. */
export interface Span {
  fromAgeMs: number;
  /** 0: until now, and what comes while it is read. */
  toAgeMs: number;
  /** At most so many bytes, the newest; frames of state come on top. */
  bytes?: number | undefined;
}

export interface Recorder {
  /** A checked frame of the one stream that is recorded. */
  push(frame: Uint8Array, nowMs: number): void;
  stats(nowMs: number): HistoryStats;
  /** What the stream's own clock shows now; undefined before its first frame. */
  moment(nowMs: number): { stream: number; timeMs: number } | undefined;
  /** Frames of a span: state first, then from a status on. */
  open(span: Span, nowMs: number): Cursor;
}

/** Reads on while frames come. Holds nothing itself: what it did not read in time is gone for it too. */
export interface Cursor {
  /** Undefined at the end of the span, or as long as there is nothing newer. */
  next(): Uint8Array | undefined;
}

/** What an object, an ArrayBuffer and its entry cost beside the bytes of a frame. */
const FRAME_OVERHEAD_BYTES = 256;
/** A stream's clock is compared with ours over so many frames: the one that came quickest is right. */
const MOMENT_FRAMES = 64;

/** Types that later frames rest on, in the order in which readers want them. */
export const STATE = [FrameType.hello, FrameType.devices, FrameType.places, FrameType.names] as const;

interface Held {
  frame: Uint8Array;
  atMs: number;
}

const costOf = (frame: Uint8Array): number => frame.length + FRAME_OVERHEAD_BYTES;

export function createRecorder(limits: HistoryLimits): Recorder {
  /** A ring of 2^n slots; numbers of frames only rise. */
  let ring: (Held | undefined)[] = new Array<undefined>(256).fill(undefined);
  let tail = 0;
  let head = 0;
  let bytes = 0;
  const forgotten = { frames: 0, bytes: 0 };
  /** State as it was just before the oldest frame that is held. */
  const before = new Map<FrameType, Uint8Array>();

  const heldAt = (number: number): Held => ring[number & (ring.length - 1)]!;

  function grow(): void {
    const larger = new Array<Held | undefined>(ring.length * 2).fill(undefined);
    for (let number = tail; number < head; number++) larger[number & (larger.length - 1)] = heldAt(number);
    ring = larger;
  }

  function forgetOldest(): void {
    const { frame } = heldAt(tail);
    fold(before, frame);
    bytes -= costOf(frame);
    ring[tail++ & (ring.length - 1)] = undefined;
  }

  function shrink(nowMs: number): void {
    while (tail < head && nowMs - heldAt(tail).atMs > limits.ms) forgetOldest();
    while (tail < head && bytes > limits.bytes) {
      forgotten.frames++;
      forgotten.bytes += heldAt(tail).frame.length;
      forgetOldest();
    }
  }

  /** The oldest frame of the span that bytes allow. */
  function oldestOf({ fromAgeMs, bytes: most = Infinity }: Span, nowMs: number): number {
    let number = head;
    let sum = 0;
    while (number > tail && nowMs - heldAt(number - 1).atMs <= fromAgeMs) {
      sum += costOf(heldAt(number - 1).frame);
      if (sum > most) break;
      number--;
    }
    return number;
  }

  const isStatus = (number: number): boolean => framePlace(heldAt(number).frame).type === FrameType.status;

  /** A status tells clock and exponents, without which legs cannot be judged: reading begins with one. */
  function beginOf(span: Span, nowMs: number): number {
    const oldest = oldestOf(span, nowMs);
    for (let number = oldest; number >= tail; number--) if (number < head && isStatus(number)) return number;
    let number = oldest;
    while (number < head && !isStatus(number)) number++;
    return number;
  }

  function stateAt(end: number): Uint8Array[] {
    const state = new Map(before);
    for (let number = tail; number < end; number++) fold(state, heldAt(number).frame);
    return STATE.flatMap((type) => state.get(type) ?? []);
  }

  return {
    push(frame, nowMs) {
      if (head - tail === ring.length) grow();
      ring[head++ & (ring.length - 1)] = { frame, atMs: nowMs };
      bytes += costOf(frame);
      shrink(nowMs);
    },
    stats: (nowMs) => ({
      frames: head - tail,
      bytes,
      seconds: tail < head ? (nowMs - heldAt(tail).atMs) / 1000 : 0,
      limitSeconds: limits.ms / 1000,
      limitBytes: limits.bytes,
      framesForgotten: forgotten.frames,
      bytesForgotten: forgotten.bytes,
    }),
    moment(nowMs) {
      if (tail === head) return undefined;
      let offsetMs = Infinity;
      for (let number = Math.max(tail, head - MOMENT_FRAMES); number < head; number++) {
        const { frame, atMs } = heldAt(number);
        offsetMs = Math.min(offsetMs, atMs - framePlace(frame).timeMs);
      }
      return { stream: framePlace(heldAt(head - 1).frame).stream, timeMs: nowMs - offsetMs };
    },
    open(span, nowMs) {
      const endMs = span.toAgeMs === 0 ? Infinity : nowMs - span.toAgeMs;
      let number = beginOf(span, nowMs);
      const state = stateAt(number);
      return {
        next() {
          const frame = state.shift();
          if (frame) return frame;
          // Overtaken: the reader is slower than the stream, and the frames in between are forgotten.
          if (number < tail || number === head || heldAt(number).atMs > endMs) return undefined;
          return heldAt(number++).frame;
        },
      };
    },
  };
}

/** Keeps of a stream's state what the frames behind it rest on. */
export function fold(state: Map<FrameType, Uint8Array>, frame: Uint8Array): void {
  const { type } = framePlace(frame);
  if (!(STATE as readonly FrameType[]).includes(type)) return;
  // It names the devices itself.
  if (type === FrameType.hello) state.delete(FrameType.devices);
  state.set(type, frame);
}
