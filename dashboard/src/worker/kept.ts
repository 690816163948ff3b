/**
 * What a replay sent, for exports: its server holds no past, and ends with the recording. Each frame with the page's time at
 * which it was taken, for a replay has a pace of its own.
 */
import { STATE, fold } from '../../../agent/history/recorder.ts';
import { framePlace } from '../../../agent/server/source.ts';
import type { FrameType } from '../../../agent/wire/frame.ts';
import type { TimedFrame } from './walk-span.ts';

export interface Kept {
  push(frame: Uint8Array, atMs: number): void;
  /** From its beginning, which is what the rest needs to be read. */
  frames(): TimedFrame[];
}

export interface KeptLimits {
  ms: number;
  bytes: number;
}

interface KeptStream {
  /** Of its frames. */
  count: number;
  /** As it stood before the first of them. */
  before: Map<FrameType, Uint8Array>;
}

/** Forgotten frames leave their places to others when there are so many of them. */
const MOST_EMPTY = 4096;

export function createKept(limits: KeptLimits): Kept {
  const streams = new Map<number, KeptStream>();
  let frames: TimedFrame[] = [];
  let first = 0;
  let bytes = 0;

  function streamOf(frame: Uint8Array): KeptStream {
    const { stream } = framePlace(frame);
    const known = streams.get(stream) ?? { count: 0, before: new Map<FrameType, Uint8Array>() };
    streams.set(stream, known);
    return known;
  }

  function forgetOldest(): void {
    const { frame } = frames[first++];
    const stream = streamOf(frame);
    bytes -= frame.length;
    fold(stream.before, frame);
    // Each round of a replay has streams of its own.
    if (--stream.count === 0) streams.delete(framePlace(frame).stream);
  }

  return {
    push(frame, atMs) {
      frames.push({ frame, atMs });
      streamOf(frame).count++;
      bytes += frame.length;
      while (first < frames.length && (bytes > limits.bytes || atMs - frames[first].atMs > limits.ms)) forgetOldest();
      if (first > MOST_EMPTY) [frames, first] = [frames.slice(first), 0];
    },
    frames() {
      const held = frames.slice(first);
      const before = [...streams.values()].flatMap((stream) => STATE.flatMap((type) => stream.before.get(type) ?? []));
      return [...before.map((frame) => ({ frame, atMs: held[0].atMs })), ...held];
    },
  };
}
