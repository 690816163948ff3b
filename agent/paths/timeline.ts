/**
 * One time line for the hops of a path, in whole nanoseconds since the first.
 *
 * On one node durations are differences of the clock that wrote the records: exact. Between nodes both raw clocks are put
 * on that of the path's first node. A hop's time is the sum of the segments before it, so that they add up exactly.
 */
import type { Clocks, Correction } from './clocks.ts';
import { segmentName } from './segments.ts';
import { viewerMs } from './streams.ts';
import type { PathView } from './view.ts';
import { directionName, type HopDirection } from './words.ts';

const from: Correction = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };
const to: Correction = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };

const hopNs = (view: PathView, hop: number): number => {
  const frame = view.frames[hop];
  return frame.baseNs + frame.timeNs[view.rows[hop]];
};

/** Fills times, segments and totals of a view whose hops stand. */
export function layTimes(view: PathView, clocks: Clocks): void {
  const timeMs = view.hopCount ? viewerMs(view.streams[0], hopNs(view, 0)) : 0;
  let timeNs = 0;
  view.timesNs[0] = 0;
  for (let hop = 1; hop < view.hopCount; hop++) {
    nameSegment(view, hop - 1);
    if (view.streams[hop - 1].node === view.streams[hop].node) laySame(view, hop);
    else layWire(view, hop, clocks);
    timeNs += view.durationsNs[hop - 1];
    view.timesNs[hop] = timeNs;
  }
  view.totalNs = view.hopCount > 0 ? timeNs : NaN;
  view.totalBoundNs = NaN;
  if (view.hopCount === 0 || Number.isNaN(timeNs)) return;
  const known = clocks.between(view.streams[0].node, view.streams[view.hopCount - 1].node, timeMs, to);
  const driftNs = to.boundNs === 0 ? 0 : Math.abs(timeNs) * clocks.maxDrift;
  if (known) view.totalBoundNs = Math.ceil(to.boundNs + driftNs);
}

function laySame(view: PathView, hop: number): void {
  view.durationsNs[hop - 1] = hopNs(view, hop) - hopNs(view, hop - 1);
  view.boundsNs[hop - 1] = 0;
  view.relativeBoundsNs[hop - 1] = 0;
}

function layWire(view: PathView, hop: number, clocks: Clocks): void {
  const origin = view.streams[0].node;
  const sender = view.streams[hop - 1];
  const receiver = view.streams[hop];
  const timeMs = viewerMs(sender, hopNs(view, hop - 1));
  const known = clocks.between(origin, sender.node, timeMs, from) && clocks.between(origin, receiver.node, timeMs, to);
  const rawNs = receiver.rawLine.toRaw(hopNs(view, hop)) - sender.rawLine.toRaw(hopNs(view, hop - 1));
  const at = hop - 1;
  const durationNs = rawNs - (to.correctionNs - from.correctionNs);
  // The receiver's clock drifts on while the packet is under way.
  const driftNs = Math.abs(durationNs) * clocks.maxDrift;
  view.durationsNs[at] = known ? Math.round(durationNs) : NaN;
  // Against the origin's clock one of the two is 0 unless the packet went through a third node.
  view.boundsNs[at] = known ? Math.ceil(from.boundNs + to.boundNs + driftNs) : NaN;
  view.relativeBoundsNs[at] = known ? Math.ceil(from.relativeBoundNs + to.relativeBoundNs + driftNs) : NaN;
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
