/**
 * Inequalities over all nodes: theta_ij <= high_ij. Over a third node theta_ij = theta_ik + theta_kj, so the shortest paths
 * give the tightest limits that follow from them all, and a negative way round says that they cannot all be true.
 */
import { MAX_DRIFT, type Interval } from './clock-pair.ts';

export interface Limits {
  nodes: number;
  /** At i * nodes + j: the most that j's clock shows more than i's, and the most that it gains on it, in ns and ns/s. */
  high: Float64Array;
  most: Float64Array;
  /** As `high`, of the fits: an estimate, not a limit. */
  fit: Float64Array;
  /** Estimated slopes of pairs with traffic of their own; NaN for others. */
  slope: Float64Array;
}

/** Drifts multiply where offsets add: theta_ij' = theta_ik' + theta_kj' (1 + theta_ik'). */
const SECOND_ORDER = (MAX_DRIFT / 1e9) * MAX_DRIFT;
/** Raw times are whole nanoseconds up to 2^53, their sums are not. */
const ROUNDING_NS = 1;

export function createLimits(nodes: number): Limits {
  const matrix = (): Float64Array => new Float64Array(nodes * nodes);
  const limits = { nodes, high: matrix(), most: matrix(), fit: matrix(), slope: matrix() };
  clearLimits(limits);
  return limits;
}

export function clearLimits({ nodes, high, most, fit, slope }: Limits): void {
  slope.fill(NaN);
  high.fill(Infinity);
  fit.fill(Infinity);
  most.fill(MAX_DRIFT);
  for (let i = 0; i < nodes; i++) high[i * nodes + i] = most[i * nodes + i] = fit[i * nodes + i] = 0;
}

/** Narrows one pair's limits; `slackNs` for a moment that is not exactly the same one. */
export function limit(
  { nodes, high, most, fit, slope }: Limits,
  i: number,
  j: number,
  by: Interval,
  slackNs: number,
): void {
  const there = i * nodes + j;
  const back = j * nodes + i;
  high[there] = Math.min(high[there], by.high + slackNs);
  high[back] = Math.min(high[back], slackNs - by.low);
  fit[there] = Math.min(fit[there], by.fitHigh);
  fit[back] = Math.min(fit[back], -by.fitLow);
  slope[there] = by.slope;
  most[there] = Math.min(most[there], by.most);
  most[back] = Math.min(most[back], -by.least);
}

export function intervalOf({ nodes, high, most, fit, slope }: Limits, i: number, j: number, into: Interval): Interval {
  into.high = high[i * nodes + j]!;
  into.low = -high[j * nodes + i];
  into.fitHigh = fit[i * nodes + j]!;
  into.fitLow = -fit[j * nodes + i];
  into.most = most[i * nodes + j]!;
  into.least = -most[j * nodes + i];
  const own = slope[i * nodes + j];
  into.slope = Number.isNaN(own) ? (into.least + into.most) / 2 : Math.max(into.least, Math.min(into.most, own));
  return into;
}

export function close({ nodes, high, most, fit }: Limits): void {
  closeSums(nodes, high, 0);
  closeSums(nodes, fit, 0);
  closeSums(nodes, most, SECOND_ORDER);
}

/** Floyd and Warshall's. */
function closeSums(nodes: number, least: Float64Array, each: number): void {
  for (let via = 0; via < nodes; via++) {
    for (let i = 0; i < nodes; i++) {
      const first = least[i * nodes + via] + each;
      if (first === Infinity || i === via) continue;
      for (let j = 0; j < nodes; j++) {
        const sum = first + least[via * nodes + j];
        if (sum < least[i * nodes + j]) least[i * nodes + j] = sum;
      }
    }
  }
}

/** A node that lies on a negative way round; -1: there is none. */
export function contradictedNode({ nodes, high }: Limits): number {
  for (let i = 0; i < nodes; i++) if (high[i * nodes + i] < -ROUNDING_NS) return i;
  return -1;
}
