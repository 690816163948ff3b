/**
 * From the past to the present: what comes live while a newcomer is sent the past waits here, and joins without a hole or
 * a double. The past is read from what agents hold as fast as the newcomer takes it, so it fills no queue.
 */
import { historyFrame, type Past } from '../history/past.ts';
import { FrameType, NO_STREAM } from '../wire/frame.ts';
import { framePlace } from './source.ts';

export interface Newcomer {
  /** A live frame; the oldest that waits may leave, for the past will most likely bring it. */
  wait(frame: Uint8Array): void;
  /** The past: a history message, then frames. */
  past: Past;
  /** What follows it: a history message that says so, then what the past did not bring. */
  join(): Joined;
}

export interface Joined {
  frames: Uint8Array[];
  /** Streams of which `missing` frames, from that number on, came neither with the past nor wait any more; and what does wait. */
  broken: { stream: number; firstSequence: number; missing: number; frames: Uint8Array[] }[];
}

/**
 * @param state of the sources at the moment of subscribing to them
 * @param queueBytes of frames that may wait
 */
export function createNewcomer(state: Uint8Array[], past: Past, queueBytes: number): Newcomer {
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  /** Of each stream the number of the latest that left. */
  const dropped = new Map<number, number>();
  /** Last number of each stream in the past. */
  const last = new Map<number, number>();

  async function* read(): AsyncGenerator<Uint8Array> {
    for await (const frame of past) {
      const { stream, sequence, type } = framePlace(frame);
      const before = last.get(stream) ?? sequence;
      if (type !== FrameType.history) last.set(stream, distance(sequence, before) > 0 ? sequence : before);
      yield frame;
    }
  }

  /** What waits of one stream, behind the past of it. */
  function follow(stream: number, frames: Uint8Array[]): Joined {
    if (stream === NO_STREAM) return { frames: [...state, ...frames].filter(isOf(NO_STREAM)), broken: [] };
    const end = last.get(stream);
    if (end === undefined) {
      const left = dropped.get(stream);
      if (left === undefined) return { frames: [...state.filter(isOf(stream)), ...frames], broken: [] };
      return { frames: [], broken: [{ stream, firstSequence: (left + 1) >>> 0, missing: 0, frames }] };
    }
    const newer = frames.filter((frame) => distance(framePlace(frame).sequence, end) > 0);
    const left = dropped.get(stream) ?? end;
    const missing = newer.length > 0 ? distance(framePlace(newer[0]).sequence, end) - 1 : distance(left, end);
    if (missing <= 0) return { frames: newer, broken: [] };
    return { frames: [], broken: [{ stream, firstSequence: (end + 1) >>> 0, missing, frames: newer }] };
  }

  return {
    past: read(),
    wait(frame) {
      waiting.push(frame);
      bytes += frame.length;
      while (bytes > queueBytes && waiting.length > 1) {
        const oldest = waiting.shift()!;
        const { stream, sequence } = framePlace(oldest);
        bytes -= oldest.length;
        dropped.set(stream, sequence);
      }
    },
    join() {
      const streams = new Set(
        [...state, ...waiting].map((frame) => framePlace(frame).stream).concat(...dropped.keys()),
      );
      const parts = Array.from(streams, (stream) => follow(stream, waiting.filter(isOf(stream))));
      return {
        frames: [historyFrame([], Date.now(), true), ...parts.flatMap((part) => part.frames)],
        broken: parts.flatMap((part) => part.broken),
      };
    },
  };
}

/** How far `sequence` is ahead, both wrapping at 2^32. */
const distance = (sequence: number, reference: number): number => (sequence - reference) | 0;

const isOf =
  (stream: number) =>
  (frame: Uint8Array): boolean =>
    framePlace(frame).stream === stream;
