/**
 * Counts the frames of each stream that never came, from their sequence numbers. A server sends a stream's state (hello,
 * then the latest devices and status) to newcomers and after a gap: those are old frames, or ones out of the gap.
 */
import { FrameType, type FrameHeader } from '../wire/frame.ts';

interface StreamPlace {
  /** The newest frame that came in order; undefined until one did. */
  highest: number | undefined;
  /** State frames since the hello that are newer than `highest`: they fill places of a gap. */
  ahead: number;
  /** Types of state frames since the hello; undefined once other frames came. */
  resent: Set<FrameType> | undefined;
}

export interface Gaps {
  /** Frames of this stream that are now known to be missing. */
  frame(header: FrameHeader): number;
}

/** Agents start again and again: the stream that has been silent longest goes. */
const MAX_STREAMS = 1024;

/** How far `sequence` is behind `reference`, both wrapping at 2^32. */
const distance = (sequence: number, reference: number): number => (sequence - reference) | 0;

export function trackGaps(): Gaps {
  /** Those that spoke last come last. */
  const streams = new Map<number, StreamPlace>();

  function placeOf({ stream, type }: FrameHeader): StreamPlace {
    const known = streams.get(stream);
    if (known && type === FrameType.legs) return known;
    const place = known ?? { highest: undefined, ahead: 0, resent: undefined };
    streams.delete(stream);
    streams.set(stream, place);
    if (streams.size > MAX_STREAMS) streams.delete(streams.keys().next().value!);
    return place;
  }

  return {
    frame(header) {
      if (header.type === FrameType.missed || header.type === FrameType.peers) return 0;
      const place = placeOf(header);
      return isState(place, header.type) ? stateFrame(place, header) : liveFrame(place, header.sequence);
    },
  };
}

function isState(place: StreamPlace, type: FrameType): boolean {
  if (type === FrameType.hello) return true;
  return type !== FrameType.legs && place.resent !== undefined && !place.resent.has(type);
}

function stateFrame(place: StreamPlace, header: FrameHeader): number {
  if (header.type === FrameType.hello) place.resent = new Set();
  place.resent!.add(header.type);
  if (place.highest !== undefined && distance(header.sequence, place.highest) > 0) place.ahead++;
  return 0;
}

function liveFrame(place: StreamPlace, sequence: number): number {
  place.resent = undefined;
  const step = place.highest === undefined ? 1 : distance(sequence, place.highest);
  if (step <= 0) return 0;
  const missing = place.highest === undefined ? 0 : Math.max(0, step - 1 - place.ahead);
  place.highest = sequence;
  place.ahead = 0;
  return missing;
}
