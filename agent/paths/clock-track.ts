/**
 * The estimate of one pair of nodes as it is shown: a line with a knot wherever the pair was solved anew.
 *
 * The middle of the interval jumps a little whenever a packet comes quicker than those before, and a jump of the estimate
 * looks like a change of the network. So the estimate goes on along its slope, is drawn to the middle slowly, and jumps
 * only as far as it must to stay in the inner half of the interval: its bound is at most a quarter wider than it could be.
 */
import { WANDER } from './clock-hull.ts';
import type { Interval } from './clock-pair.ts';

/** The relative bound holds between figures that lie this far apart at most. */
export const RELATIVE_SPAN_NS = 1e9;
/** Time in which the estimate comes to the middle, or as long as there is one. */
const DRAW_SECONDS = 10;
const INNER = 0.25;
/** At four a second, more than RELATIVE_SPAN_NS and than verdicts wait. */
const KNOTS = 64;

export interface Estimate {
  value: number;
  bound: number;
  relative: number;
}

export interface Track {
  count: number;
  firstNs: number;
  /** Of the last knot. */
  lastNs: number;
  lastValue: number;
  /** Rings by knot number. On i's clock: */
  ns: Float64Array;
  value: Float64Array;
  low: Float64Array;
  high: Float64Array;
  slope: Float64Array;
  least: Float64Array;
  most: Float64Array;
  /** By how much at most the error can have changed since the first knot, and within RELATIVE_SPAN_NS. */
  strayed: Float64Array;
  relative: Float64Array;
}

const column = (): Float64Array => new Float64Array(KNOTS);

export const createTrack = (): Track => ({
  count: 0, firstNs: NaN, lastNs: -Infinity, lastValue: NaN, ns: column(), value: column(), low: column(), high: column(), slope: column(), least: column(), most: column(),
  strayed: column(), relative: column(),
}); // prettier-ignore

/** Adds a knot. One that is not later than the last is passed over. */
export function extendTrack(
  track: Track,
  ns: number,
  { low, high, fitLow, fitHigh, slope, least, most }: Interval,
): void {
  const last = (track.count - 1) % KNOTS;
  if (ns <= track.lastNs) return;
  if (track.count === 0) track.firstNs = ns;
  const at = track.count % KNOTS;
  const middle = Math.max(low, Math.min(high, (fitLow + fitHigh) / 2));
  track.ns[at] = ns;
  track.low[at] = low;
  track.high[at] = high;
  track.slope[at] = slope;
  track.least[at] = least;
  track.most[at] = most;
  track.value[at] = track.count === 0 ? middle : continued(track, last, at, middle);
  track.strayed[at] = track.count === 0 ? 0 : track.strayed[last] + strayedBetween(track, last, at);
  track.lastNs = ns;
  track.lastValue = track.value[at];
  track.count++;
  track.relative[at] = relativeAt(track, at);
}

function continued(track: Track, last: number, at: number, middle: number): number {
  const { ns, value, low, high, slope } = track;
  const seconds = (ns[at] - ns[last]) / 1e9;
  const along = value[last] + slope[at] * seconds;
  const drawSeconds = Math.min(DRAW_SECONDS, (ns[at] - track.firstNs) / 1e9);
  const drawn = along + (middle - along) * Math.min(1, seconds / drawSeconds);
  const inner = ((high[at] - low[at]) / 2) * INNER;
  return Math.max(middle - inner, Math.min(middle + inner, drawn));
}

/** The estimate moved by so much, the truth by its slope. */
function strayedBetween({ ns, value, least, most }: Track, last: number, at: number): number {
  const seconds = (ns[at] - ns[last]) / 1e9;
  const moved = value[at] - value[last];
  const apart = Math.max(Math.abs(moved - least[at] * seconds), Math.abs(moved - most[at] * seconds));
  return apart + (WANDER / 2) * seconds * seconds;
}

const boundAt = ({ value, low, high }: Track, at: number): number =>
  Math.max(high[at] - value[at], value[at] - low[at]);

function relativeAt(track: Track, at: number): number {
  let widest = 0;
  for (let knot = track.count - 1; knot >= Math.max(0, track.count - KNOTS); knot--) {
    const other = knot % KNOTS;
    const apart = Math.min(track.strayed[at] - track.strayed[other], boundAt(track, at) + boundAt(track, other));
    widest = Math.max(widest, apart);
    if (track.ns[at] - track.ns[other] > RELATIVE_SPAN_NS) break;
  }
  return widest;
}

/** The estimate at a moment. False where there is none, or none within `reachNs`. */
export function readTrack(track: Track, ns: number, reachNs: number, into: Estimate): boolean {
  if (track.count === 0) return false;
  let knot = track.count - 1;
  const oldest = Math.max(0, track.count - KNOTS);
  while (knot > oldest && track.ns[knot % KNOTS] > ns) knot--;
  const at = knot % KNOTS;
  if (Math.abs(ns - track.ns[at]) > reachNs) return false;
  if (ns < track.ns[at] || knot === track.count - 1) readBeyond(track, at, ns, into);
  else readBetween(track, at, (knot + 1) % KNOTS, ns, into);
  return true;
}

/** Before the first knot or behind the last: the limits open with the slope's. */
function readBeyond(track: Track, at: number, ns: number, into: Estimate): void {
  const d = (ns - track.ns[at]) / 1e9;
  const wandered = (WANDER / 2) * d * d;
  const [a, b] = [track.least[at] * d, track.most[at] * d];
  into.value = track.value[at] + track.slope[at] * d;
  into.bound = boundAround(into.value, track.low[at] + Math.min(a, b) - wandered, track.high[at] + Math.max(a, b) + wandered); // prettier-ignore
  into.relative = track.relative[at] + Math.min(Math.abs(b - a) + wandered, boundAt(track, at) + into.bound);
}

/** Between two knots the truth is off their chord by what the slope can have wandered. */
function readBetween(track: Track, a: number, b: number, ns: number, into: Estimate): void {
  const { low, high, value, relative } = track;
  const part = (ns - track.ns[a]) / (track.ns[b] - track.ns[a]);
  const seconds = (track.ns[b] - track.ns[a]) / 1e9;
  const wandered = (WANDER / 8) * seconds * seconds;
  const mix = (of: Float64Array): number => of[a] + (of[b] - of[a]) * part;
  into.value = mix(value);
  into.bound = boundAround(into.value, mix(low) - wandered, mix(high) + wandered);
  into.relative = Math.max(relative[a], relative[b]) + wandered;
}

const boundAround = (value: number, low: number, high: number): number => Math.max(high - value, value - low);
