/**
 * Support points: what three packets agree on.
 *
 * A packet joined falsely can seem to have travelled in no time, and one of these would pull the bound beyond the truth. So
 * a support point is made of the three lowest of a group and claims no more than the highest of them: at most two may
 * be false. They lie at different moments; each is carried to the middle one's along the slope that is known, with what
 * that slope may be wrong: as the slope gets better, so do points that were made before.
 */
import { PARTS, WANDER, isEmpty, lastX, pushPoint, type Hull } from './clock-hull.ts';

/** Of the pair, ns/s: where the slope lies by what is known, as of `x` in seconds. */
export interface SlopeRange {
  least: number;
  most: number;
  x: number;
}

/** A group takes at least this long, and longer where there are fewer packets than these. */
const GROUP_SECONDS = 0.1;
const GROUP_PACKETS = 8;
export const SPARSE_GROUP_SECONDS = 0.5;
/** Three packets further apart say nothing together. */
const LONGEST_GROUP_SECONDS = 30;
const AGREE = 3;
/** While little is known of the slope, waiting for quicker packets costs more than it gains. */
const CARRIED_NS = 20_000;

export interface Support {
  /** The three lowest of the open group, lowest first; `key` is the value without the slope. */
  x: Float64Array;
  value: Float64Array;
  key: Float64Array;
  count: number;
  firstX: number;
  lastX: number;
  /** When packets of the better kind were last seen: as long as there are any, others are left out. */
  strongX: number;
  hull: Hull;
}

export const createSupport = (hull: Hull): Support => ({
  x: new Float64Array(AGREE), value: new Float64Array(AGREE), key: new Float64Array(AGREE),
  count: 0, firstX: Infinity, lastX: -Infinity, strongX: -Infinity, hull,
}); // prettier-ignore

/** Adds one packet's constraint. Returns whether it made a point, or could make the first. Amortised constant. */
export function addSample(support: Support, x: number, value: number, slopes: SlopeRange): boolean {
  if (support.count > 0 && x - support.firstX > LONGEST_GROUP_SECONDS) clearGroup(support);
  insert(support, x, value, value - middleOf(slopes) * x);
  support.count++;
  support.firstX = Math.min(support.firstX, x);
  support.lastX = Math.max(support.lastX, x);
  if (isEmpty(support.hull)) return agrees(support);
  const seconds = support.lastX - support.firstX;
  const isLong = seconds >= (support.count >= GROUP_PACKETS ? GROUP_SECONDS : SPARSE_GROUP_SECONDS);
  return (isLong || doubtOf(slopes) * seconds >= CARRIED_NS) && closeGroup(support, slopes);
}

export const agrees = ({ count }: Support): boolean => count >= AGREE;

const doubtOf = ({ least, most }: SlopeRange): number => (most - least) / 2;

const middleOf = ({ least, most }: SlopeRange): number => (least + most) / 2;

function insert({ x, value, key, count }: Support, newX: number, newValue: number, newKey: number): void {
  let at = Math.min(count, AGREE);
  if (at === AGREE && newKey >= key[AGREE - 1]) return;
  if (at === AGREE) at--;
  for (; at > 0 && key[at - 1] > newKey; at--) {
    key[at] = key[at - 1]!;
    x[at] = x[at - 1]!;
    value[at] = value[at - 1]!;
  }
  key[at] = newKey;
  x[at] = newX;
  value[at] = newValue;
}

/** Makes a point of the group if it has enough packets, and if they are not older than what is known. */
export function closeGroup(support: Support, slopes: SlopeRange): boolean {
  const { hull, x, value } = support;
  if (!agrees(support)) return false;
  const latest = Math.max(x[0], x[1], x[2]);
  const middle = Math.max(Math.min(x[0], x[1]), Math.min(Math.max(x[0], x[1]), x[2]));
  const at = middle > lastX(hull) ? middle : latest;
  clearGroup(support);
  if (at <= lastX(hull)) return false;
  parts.set(x);
  parts.set(value, AGREE);
  hull.parts.set(parts, pushPoint(hull, at, agreedAt(at, slopes)));
  return true;
}

/** The six numbers of a point that is being made. */
const parts = new Float64Array(PARTS);

function agreedAt(x: number, slopes: SlopeRange): number {
  const slope = middleOf(slopes);
  const doubt = doubtOf(slopes);
  let agreed = -Infinity;
  for (let at = 0; at < AGREE; at++) {
    const d = Math.abs(parts[at] - x);
    const wandered = WANDER * (Math.abs(x - slopes.x) + d) * d;
    agreed = Math.max(agreed, parts[AGREE + at] - slope * (parts[at] - x) + doubt * d + wandered);
  }
  return agreed;
}

/** Makes the points anew with slopes that are better known. */
export function sharpen({ hull }: Support, slopes: SlopeRange): void {
  const { first, end, x } = hull;
  hull.end = hull.first;
  for (let at = first; at < end; at++) {
    parts.set(hull.parts.subarray(PARTS * at, PARTS * at + PARTS));
    hull.parts.set(parts, pushPoint(hull, x[at], Math.min(hull.value[at], agreedAt(x[at], slopes))));
  }
}

export function clearGroup(support: Support): void {
  support.count = 0;
  support.firstX = Infinity;
  support.lastX = -Infinity;
}
