/**
 * When a hop was passed, as a clock on the wall says it, the same for all nodes: that of the first node by name, as it
 * stood when its agent started, carried on by its raw clock and the offsets between nodes.
 */
import type { Clocks, Correction } from './clocks.ts';
import type { Stream } from './streams.ts';
import type { PathView } from './view.ts';

export interface Moment {
  /** Whole nanoseconds since an epoch near the first one; `since1970` puts it on the calendar. */
  ns: number;
  /** False: nobody knows how the node's clock lies to the first node's, so it is its own. */
  isCommon: boolean;
}

export interface WallClock {
  /** Nanoseconds since 1970 of a moment's `ns`. */
  since1970(ns: number): bigint;
  ofHop(view: PathView, hop: number): Moment;
  /** Of a time on the node's CLOCK_MONOTONIC since its stream's epoch. */
  of(stream: Stream, timeNs: number): Moment;
}

/** CLOCK_REALTIME at a stream's start; an agent that does not tell it to the nanosecond tells it in milliseconds. */
function startNs(stream: Stream): bigint {
  if (stream.realtimeEpochNs !== undefined) return stream.realtimeEpochNs;
  const ms = Date.parse(stream.startedAt);
  return Number.isNaN(ms) ? 0n : BigInt(ms) * 1_000_000n;
}

/** @param current the nodes' streams */
export function createWallClock(current: () => readonly (Stream | undefined)[], clocks: Clocks): WallClock {
  let epochNs: bigint | undefined;
  const found: Correction = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };

  function onWall(stream: Stream, rawNs: number, isCommon: boolean): Moment {
    const start = startNs(stream);
    epochNs ??= start;
    return { ns: Math.round(Number(start - epochNs) + rawNs), isCommon };
  }

  function of(stream: Stream, timeNs: number): Moment {
    const reference = firstByName(current()) ?? stream;
    const rawNs = stream.rawLine.toRaw(timeNs);
    if (stream.isOver || !clocks.between(stream.node, reference.node, rawNs, found))
      return onWall(stream, rawNs, false);
    return onWall(reference, rawNs + found.correctionNs, true);
  }

  return {
    since1970: (ns) => (epochNs ?? 0n) + BigInt(Math.round(ns)),
    of,
    ofHop(view, hop) {
      const frame = view.frames[hop];
      const atNs = frame.baseNs + frame.timeNs[view.rows[hop]];
      if (hop === 0 || Number.isNaN(view.timesNs[hop])) return of(view.streams[hop], atNs);
      const first = of(view.streams[0], view.frames[0].baseNs + view.frames[0].timeNs[view.rows[0]]);
      return { ns: first.ns + view.timesNs[hop], isCommon: first.isCommon };
    },
  };
}

function firstByName(streams: readonly (Stream | undefined)[]): Stream | undefined {
  let first: Stream | undefined;
  for (const stream of streams) if (stream && (!first || stream.name < first.name)) first = stream;
  return first;
}
