/** One thing that can be worse than before, at one place of one path. */
import { CELLS_PER_SERIES, cellKey, lowerBound, type Cells } from '../histogram/cells.ts';
import { bucketOf } from '../histogram/histogram.ts';
import type { SegmentName } from '../paths/segments.ts';
import type { Lane, LaneHop } from './figures.ts';
import type { Symptom } from './thresholds.ts';

/** Between two hops; `to` is undefined where nobody can know: the packet was lost there. */
export interface Stretch {
  name: SegmentName | '';
  from: LaneHop;
  to: LaneHop | undefined;
}

export interface Tally {
  bad: number;
  of: number;
}

export interface Element {
  symptom: Symptom;
  lane: Lane;
  stretch: Stretch;
  isAffected: boolean;
  /** How much worse: nanoseconds of a packet, or share of the packets; 0 where it is as it was. */
  excess: number;
  tally: (cells: Cells) => Tally;
  /** Of times: their series, and the quantile that changed. */
  series: number;
  quantile: number;
  /** In words, where there are some. */
  detail: string;
}

export const stretchOf = (lane: Lane, segment: number): Stretch => ({
  name: lane.segments[segment],
  from: lane.hops[segment],
  to: lane.hops[segment + 1],
});

export const hopKey = ({ node, device, direction }: LaneHop): string => `${node} ${device} ${direction}`;
export const stretchKey = ({ name, from, to }: Stretch): string =>
  `${name} ${hopKey(from)} ${to === undefined ? '' : hopKey(to)}`;

/** What one bucket of a series counted. */
export function countAt({ keys, counts }: Cells, series: number, bucket: number): number {
  const key = cellKey(series, bucket);
  const at = lowerBound(keys, key);
  return keys[at] === key ? counts[at] : 0;
}

/** How many of a series' values lie in a bucket above that of one. */
export function countAbove({ keys, counts }: Cells, series: number, valueNs: number): Tally {
  const tally = { bad: 0, of: 0 };
  const limit = bucketOf(valueNs);
  const to = cellKey(series + 1, 0);
  for (let at = lowerBound(keys, cellKey(series, 0)); at < keys.length && keys[at] < to; at++) {
    tally.of += counts[at];
    if (keys[at] % CELLS_PER_SERIES > limit) tally.bad += counts[at];
  }
  return tally;
}

/** Tallies of several elements together. */
export function tallyAll(elements: readonly Element[], cells: Cells): Tally {
  const all = { bad: 0, of: 0 };
  for (const { tally } of elements) {
    const { bad, of } = tally(cells);
    all.bad += bad;
    all.of += of;
  }
  return all;
}
