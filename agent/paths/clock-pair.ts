/**
 * What the traffic between two nodes says of their clocks: theta(x) = what `j` shows less what `i` shows, at the moment
 * at which `i` shows x. A packet from i to j that left at x is a constraint from above, one from j to i that came at x one
 * from below, for no packet travels in negative time.
 *
 * At a moment x0 the lines below all that is above and above all that is below are a polygon of values and slopes; its
 * extremes are the interval. That is the linear program of Moon, Skelly and Towsley ("Estimation and Removal of Clock
 * Skew from Network Delay Measurements", 1999) with both directions in it, solved on two hulls.
 */
import {
  bindingAt, createHull, forgetBefore, highest, highestBetween, isEmpty, lastX, type Hull,
} from './clock-hull.ts'; // prettier-ignore
import {
  SPARSE_GROUP_SECONDS,
  addSample,
  closeGroup,
  createSupport,
  sharpen,
  type SlopeRange,
  type Support,
} from './clock-support.ts';

/** What can be known of an offset at a moment: its own limits in nanoseconds, and those of its slope in ns/s. */
export interface Interval {
  low: number;
  high: number;
  /** Where two parallel lines fit between the packets with the most room, and their slope: estimates, not limits. */
  fitLow: number;
  fitHigh: number;
  slope: number;
  least: number;
  most: number;
}

export interface Pair {
  i: number;
  j: number;
  /** What x and values are counted from, so that they stay small: i's clock, and the first packet's difference. */
  originNs: number;
  originValueNs: number;
  /** i to j: values as they are. j to i: negated, so that it is from above as well. */
  forward: Support;
  reverse: Support;
  /** By what is known. */
  slopes: SlopeRange;
  mirrored: SlopeRange;
  /** Width of the slopes with which the points were last made anew. */
  sharpenedTo: number;
}

/** Of two crystals against each other, ns/s: each keeps within 60 ppm. */
export const MAX_DRIFT = 120_000;

/** Rounding of the linear program, in nanoseconds. */
const EPSILON = 1e-3;
/** To which slopes are estimated, ns/s. */
const SLOPE_STEP = 1;
/** Points are made anew when the slope is known so much better: a dozen times in all. */
const SHARPER = 0.7;
/** Packets that may have been joined wrongly are left out for so long after one that cannot. */
const STRONG_SECONDS = 1;

export const createPair = (i: number, j: number): Pair => ({
  i, j, originNs: NaN, originValueNs: NaN, forward: createSupport(createHull()), reverse: createSupport(createHull()),
  slopes: { least: -MAX_DRIFT, most: MAX_DRIFT, x: 0 }, mirrored: { least: -MAX_DRIFT, most: MAX_DRIFT, x: 0 },
  sharpenedTo: 2 * MAX_DRIFT,
}); // prettier-ignore

/** One packet, from i to j or from j to i. */
export interface Passage {
  isForward: boolean;
  /** What i's clock showed when it left i or came to i, and what j's showed more when it came to j or left j. */
  ns: number;
  differenceNs: number;
  /** By how much the two can be wrong. */
  errorNs: number;
  /** Certainly the same packet at both ends. */
  strong: boolean;
}

/** Returns whether there is a new support point. */
export function addPassage(pair: Pair, { isForward, ns, differenceNs, errorNs, strong }: Passage): boolean {
  if (Number.isNaN(pair.originNs)) {
    pair.originNs = ns;
    pair.originValueNs = differenceNs;
  }
  const support = isForward ? pair.forward : pair.reverse;
  const x = (ns - pair.originNs) / 1e9;
  if (strong) support.strongX = Math.max(support.strongX, x);
  else if (x - support.strongX < STRONG_SECONDS) return false;
  const value = differenceNs - pair.originValueNs;
  return addSample(support, x, (isForward ? value : -value) + errorNs, isForward ? pair.slopes : pair.mirrored);
}

export const isSilent = ({ forward, reverse }: Pair): boolean => isEmpty(forward.hull) && isEmpty(reverse.hull);

/** The last moment of which a support point speaks, on i's clock. */
export const latestNs = (pair: Pair): number =>
  pair.originNs + 1e9 * Math.max(lastX(pair.forward.hull), lastX(pair.reverse.hull));

/** Makes the first points, of what there is. */
export function begin(pair: Pair): void {
  if (isEmpty(pair.forward.hull)) closeGroup(pair.forward, pair.slopes);
  if (isEmpty(pair.reverse.hull)) closeGroup(pair.reverse, pair.mirrored);
}

/** Makes points of groups that nobody adds to any more, and forgets what is older than the window. */
export function tidy(pair: Pair, nowNs: number, windowNs: number): void {
  const x = (nowNs - pair.originNs) / 1e9;
  if (x - pair.forward.lastX > SPARSE_GROUP_SECONDS) closeGroup(pair.forward, pair.slopes);
  if (x - pair.reverse.lastX > SPARSE_GROUP_SECONDS) closeGroup(pair.reverse, pair.mirrored);
  forgetBefore(pair.forward.hull, x - windowNs / 1e9);
  forgetBefore(pair.reverse.hull, x - windowNs / 1e9);
}

/** From the last packets alone, to begin with: wrong by what they took. */
export function roughly({ originValueNs, forward, reverse }: Pair): number {
  const [above, below] = [forward.hull, reverse.hull];
  const high = isEmpty(above) ? NaN : above.value[above.end - 1];
  const low = isEmpty(below) ? NaN : -below.value[below.end - 1];
  if (Number.isNaN(high)) return originValueNs + low;
  return originValueNs + (Number.isNaN(low) ? high : (high + low) / 2);
}

/** The interval at a moment, infinite where nothing limits it. False: no line fits, the packets contradict each other. */
export function intervalAt(pair: Pair, ns: number, into: Interval): boolean {
  const x0 = (ns - pair.originNs) / 1e9;
  const above = pair.forward.hull;
  const below = pair.reverse.hull;
  into.least = -MAX_DRIFT;
  into.most = MAX_DRIFT;
  if (!isEmpty(above) && !isEmpty(below)) {
    into.most = extremeSlope(above, below, x0, 1);
    into.least = extremeSlope(above, below, x0, -1);
    if (Number.isNaN(into.most) || Number.isNaN(into.least)) return false;
  }
  const high = isEmpty(above) ? Infinity : highestBetween(above, x0, into.least, into.most);
  const low = isEmpty(below) ? -Infinity : -highestBetween(below, x0, -into.most, -into.least);
  into.slope = roomiestSlope(above, below, x0, into);
  into.high = pair.originValueNs + high;
  into.low = pair.originValueNs + low;
  into.fitHigh = pair.originValueNs + highest(above, x0, into.slope);
  into.fitLow = pair.originValueNs - highest(below, x0, -into.slope);
  return true;
}

/** The steepest slope (`sign` 1; the least: -1) of a line between the hulls, by Newton's steps from outside; NaN if there is none. */
function extremeSlope(above: Hull, below: Hull, x0: number, sign: number): number {
  let slope = sign * MAX_DRIFT;
  while (Math.abs(slope) <= MAX_DRIFT) {
    const top = highest(above, x0, slope);
    const topAt = bindingAt;
    const room = top + highest(below, x0, -slope);
    if (room >= -EPSILON) return slope;
    const widening = bindingAt - topAt;
    if (widening * sign >= 0) return NaN;
    slope -= room / widening;
  }
  return NaN;
}

/**
 * The least delays of both directions lie along two parallel lines, as far as they are constant: at any other slope these
 * would come closer to each other. The room is concave in the slope, so its top is halved down to.
 */
function roomiestSlope(above: Hull, below: Hull, x0: number, limits: Interval): number {
  let { least, most } = limits;
  while (most - least > SLOPE_STEP) {
    const slope = (least + most) / 2;
    highest(above, x0, slope);
    const topAt = bindingAt;
    highest(below, x0, -slope);
    if (bindingAt > topAt) least = slope;
    else most = slope;
  }
  // Too few packets yet: the room has no top within the limits.
  const isOpen = least === limits.least || most === limits.most;
  return isOpen ? (limits.least + limits.most) / 2 : (least + most) / 2;
}

export function learnSlopes(pair: Pair, ns: number, { least, most }: Interval): void {
  const x = (ns - pair.originNs) / 1e9;
  pair.slopes = { least, most, x };
  pair.mirrored = { least: -most, most: -least, x };
  if (most - least > pair.sharpenedTo * SHARPER) return;
  pair.sharpenedTo = most - least;
  sharpen(pair.forward, pair.slopes);
  sharpen(pair.reverse, pair.mirrored);
}
