/**
 * What one direction of traffic says of an offset that changes with time: `theta(x) <= value` at each of its support points.
 *
 * theta is nearly a line: its slope changes by no more than WANDER. Seen from a moment x0, a constraint at distance d
 * therefore holds for the line that touches theta there, when it is relaxed by WANDER/2 d^2. Points that no such line
 * can touch say nothing, wherever x0 lies: adding one parabola to all points bends the cloud and leaves "below the chord"
 * what it was. So the lower convex hull is kept and nothing else; each new point is looked at a constant number of times.
 *
 * x in seconds and values in nanoseconds, both since an origin of the pair's own.
 */

/**
 * How fast the relative drift of two crystals changes, ns/s per s (0.02 ppm/s): ten times what PCs show within minutes
 * (Veitch, Ridoux, Korada, "Robust Synchronization of Absolute and Difference Clocks over Networks", 2009: 0.1 ppm in all).
 */
export const WANDER = 20;

const CAPACITY = 256;

/** Numbers that a point was made of, kept beside it. */
export const PARTS = 6;

export interface Hull {
  x: Float64Array;
  value: Float64Array;
  /** PARTS of each point. */
  parts: Float64Array;
  first: number;
  end: number;
}

export const createHull = (): Hull => ({
  x: new Float64Array(CAPACITY),
  value: new Float64Array(CAPACITY),
  parts: new Float64Array(CAPACITY * PARTS),
  first: 0,
  end: 0,
});

export const isEmpty = (hull: Hull): boolean => hull.first === hull.end;

export const lastX = (hull: Hull): number => (isEmpty(hull) ? -Infinity : hull.x[hull.end - 1]);

export function clearHull(hull: Hull): void {
  hull.first = hull.end = 0;
}

/** Adds a point; its x must lie behind the last. Returns where its parts go. */
export function pushPoint(hull: Hull, x: number, value: number): number {
  while (hull.end - hull.first >= 2 && isAboveChord(hull, x, value)) hull.end--;
  if (hull.end === CAPACITY) makeRoom(hull);
  hull.x[hull.end] = x;
  hull.value[hull.end] = value;
  return PARTS * hull.end++;
}

/** Whether the last point lies on or above the chord from the one before it to a new one, all bent by the parabola. */
function isAboveChord(hull: Hull, x: number, value: number): boolean {
  const bent = (at: number): number => hull.value[at] + (WANDER / 2) * (hull.x[at] - x) ** 2 - value;
  const before = hull.end - 2;
  const last = hull.end - 1;
  return bent(last) * (x - hull.x[before]) >= bent(before) * (x - hull.x[last]);
}

/** A full hull gives up its oldest quarter: fewer constraints are never wrong. */
function makeRoom(hull: Hull): void {
  hull.first = Math.max(hull.first, CAPACITY / 4);
  hull.x.copyWithin(0, hull.first, hull.end);
  hull.value.copyWithin(0, hull.first, hull.end);
  hull.parts.copyWithin(0, hull.first * PARTS, hull.end * PARTS);
  hull.end -= hull.first;
  hull.first = 0;
}

export function forgetBefore(hull: Hull, x: number): void {
  while (hull.first < hull.end && hull.x[hull.first] < x) hull.first++;
  if (isEmpty(hull)) clearHull(hull);
}

/** Distance from x0 of the point that `highest` found to bind. */
export let bindingAt = 0;

/** The highest value at x0 of a line of this slope (ns/s) below all points. */
export function highest(hull: Hull, x0: number, slope: number): number {
  let least = Infinity;
  for (let at = hull.first; at < hull.end; at++) {
    const d = hull.x[at] - x0;
    const value = hull.value[at] + (WANDER / 2) * d * d - slope * d;
    if (value >= least) continue;
    least = value;
    bindingAt = d;
  }
  return least;
}

/** The highest value at x0 of any line below all points whose slope lies between two. */
export function highestBetween(hull: Hull, x0: number, least: number, most: number): number {
  const steepest = highest(hull, x0, most);
  if (bindingAt <= 0) return steepest;
  const flattest = highest(hull, x0, least);
  if (bindingAt >= 0) return flattest;
  return chordAt(hull, x0);
}

/** The hull itself at x0, which lies between two of its points. */
function chordAt(hull: Hull, x0: number): number {
  let after = hull.first + 1;
  while (hull.x[after] < x0) after++;
  const a = hull.x[after - 1] - x0;
  const b = hull.x[after] - x0;
  const left = hull.value[after - 1] + (WANDER / 2) * a * a;
  const right = hull.value[after] + (WANDER / 2) * b * b;
  return (left * b - right * a) / (b - a);
}
