/**
 * One time line for the hops of a path, in whole nanoseconds since the first.
 *
 * On one node durations are differences of the clock that wrote the records: exact. Between nodes they are differences of
 * two raw clocks, corrected. A hop's time is the sum of the segments before it, so that they add up exactly.
 */
import type { Clocks, Correction } from './clocks.ts';
import { segmentName } from './segments.ts';
import type { Stream } from './streams.ts';
import type { PathView } from './view.ts';
import { directionName, type HopDirection } from './words.ts';

const clock: Correction = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };

const hopNs = (view: PathView, hop: number): number => {
  const frame = view.frames[hop];
  return frame.baseNs + frame.timeNs[view.rows[hop]];
};

/** Fills times, segments and totals of a view whose hops stand. */
export function layTimes(view: PathView, clocks: Clocks): void {
  let timeNs = 0;
  let boundNs = 0;
  let correctionNs = 0;
  let wires = 0;
  view.timesNs[0] = 0;
  for (let hop = 1; hop < view.hopCount; hop++) {
    nameSegment(view, hop - 1);
    if (view.streams[hop - 1].node === view.streams[hop].node) laySame(view, hop);
    else {
      correctionNs += layWire(view, hop, clocks);
      wires++;
    }
    timeNs += view.durationsNs[hop - 1];
    boundNs += view.boundsNs[hop - 1];
    view.timesNs[hop] = timeNs;
  }
  view.totalNs = view.hopCount > 0 ? timeNs : NaN;
  if (view.hopCount === 0) boundNs = NaN;
  view.totalBoundNs = wires > 1 && boundNs > 0 ? Math.min(boundNs, endsBoundNs(view, clocks, correctionNs)) : boundNs;
}

/** Where a path visits several nodes only the first clock and the last matter: one that comes home is hardly wrong at all. */
function endsBoundNs(view: PathView, clocks: Clocks, correctionNs: number): number {
  const first = view.streams[0];
  const last = view.streams[view.hopCount - 1];
  if (!isKnown(first, last, rawNs(view, 0), clocks)) return Infinity;
  const apartNs = Math.abs(correctionNs - clock.correctionNs);
  const errorNs = clockErrorNs(view, 0) + clockErrorNs(view, view.hopCount - 1);
  return Math.ceil(apartNs + clock.boundNs + errorNs + Math.abs(view.totalNs) * clocks.maxDrift);
}

/** Fills `clock`. */
const isKnown = (from: Stream, to: Stream, fromNs: number, clocks: Clocks): boolean =>
  !from.isOver && !to.isOver && clocks.between(from.node, to.node, fromNs, clock);

const rawNs = (view: PathView, hop: number): number => view.streams[hop].rawLine.toRaw(hopNs(view, hop));
const clockErrorNs = (view: PathView, hop: number): number => view.streams[hop].rawLine.errorNs(hopNs(view, hop));

function laySame(view: PathView, hop: number): void {
  view.durationsNs[hop - 1] = hopNs(view, hop) - hopNs(view, hop - 1);
  view.boundsNs[hop - 1] = 0;
  view.relativeBoundsNs[hop - 1] = 0;
}

/** Returns what was taken off the difference of the two clocks; NaN where that is unknown. */
function layWire(view: PathView, hop: number, clocks: Clocks): number {
  const at = hop - 1;
  const sentNs = rawNs(view, at);
  if (!isKnown(view.streams[at], view.streams[hop], sentNs, clocks)) {
    view.durationsNs[at] = view.boundsNs[at] = view.relativeBoundsNs[at] = NaN;
    return NaN;
  }
  const durationNs = rawNs(view, hop) - sentNs - clock.correctionNs;
  // The receiver's clock drifts on while the packet is under way.
  const errorNs = clockErrorNs(view, at) + clockErrorNs(view, hop) + Math.abs(durationNs) * clocks.maxDrift;
  view.durationsNs[at] = Math.round(durationNs);
  view.boundsNs[at] = Math.ceil(clock.boundNs + errorNs);
  view.relativeBoundsNs[at] = Math.ceil(clock.relativeBoundNs + errorNs);
  return clock.correctionNs;
}

function nameSegment(view: PathView, at: number): void {
  const before = view.devices[at];
  const after = view.devices[at + 1];
  const isSameNode = view.streams[at].node === view.streams[at + 1].node;
  const direction = (hop: number): HopDirection => directionName(view.frames[hop].direction[view.rows[hop]]);
  const isBridged = before !== undefined && before.master !== 0 && before.master === after?.master;
  view.names[at] = segmentName(
    before?.kind ?? 'other', direction(at), after?.kind ?? 'other', direction(at + 1), isSameNode, isBridged,
  ); // prettier-ignore
}
