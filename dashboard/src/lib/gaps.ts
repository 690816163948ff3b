/** A series as a line: null is a gap, undefined is bridged. */
import type { Away } from '../../../agent/marks/nodes.ts';

/** Seconds without a packet that are bridged: quiet traffic is not a gap. */
const BRIDGED = 2;

/** @param seconds wall time, one by one; values in nanoseconds, NaN where no packet was seen */
export function withGaps(
  seconds: ArrayLike<number>,
  values: ArrayLike<number>,
  away: readonly Away[],
): (number | null | undefined)[] {
  const result = Array.from(values, (value, at): number | null | undefined => {
    if (!Number.isNaN(value)) return value;
    return isAway(seconds[at], away) ? null : undefined;
  });
  for (let from = 0; from < result.length; from++) {
    if (result[from] !== undefined) continue;
    let to = from;
    while (to < result.length && result[to] === undefined) to++;
    if (to - from > BRIDGED) result.fill(null, from, to);
    from = to;
  }
  return result;
}

const isAway = (second: number, away: readonly Away[]): boolean =>
  away.some(({ fromMs, toMs }) => (second + 1) * 1000 > fromMs && second * 1000 < toMs);

/** The times in which any of these nodes was away, within the shown seconds. */
export function awayWithin(away: readonly Away[], from: number, to: number): { from: number; to: number }[] {
  return away
    .map(({ fromMs, toMs }) => ({ from: Math.max(from, fromMs / 1000), to: Math.min(to, toMs / 1000) }))
    .filter((span) => span.to > span.from);
}

/** Seconds missing between what was seen before and what was seen after. */
export function countInside(values: readonly (number | null | undefined)[]): number {
  const isSeen = (value: number | null | undefined): boolean => typeof value === 'number';
  const from = values.findIndex(isSeen);
  return from < 0 ? 0 : values.slice(from, values.findLastIndex(isSeen)).filter((value) => value === null).length;
}
