/** How segments stand against their own normal, by the rules that speak of what hurts: for maps and matrices. */
import { cellQuantiles } from '../histogram/cells.ts';
import { timesOf, type Figures } from './figures.ts';
import type { Element } from './element.ts';
import { measureTimes, normalNsOf } from './times.ts';
import { wayKey, type Ways } from './ways.ts';

/** A segment of a lane against its own normal: the worst of the slices before. */
export interface Standing {
  /** What the reader calls the lane. */
  lane: string;
  segment: number;
  isSlow: boolean;
  /** It looks slow, by no more than what clocks gave it of what the other way takes longer: whether it is, cannot be told. */
  isShared: boolean;
  /** Median, or the quantile that changed. */
  quantile: number;
  nowNs: number;
  normalNs: number;
}

type Measured = [element: Element, standing: Standing];

/** Of every segment that can be compared. */
export function standingsOf(figures: Figures, ways: Ways): Standing[] {
  const all = measureTimes(figures).map((element): Measured => [element, standingOf(element, figures)]);
  const slow = slowWires(all);
  return all.map(([element, standing]) => {
    const way = wayOf(element);
    if (!way) return standing;
    const [from, to] = way;
    if (ways.isShared(from, to)) return { ...standing, isSlow: false, isShared: standing.isSlow };
    const shares = ways.isShared(to, from) ? slow.get(wayKey(to, from)) : undefined;
    return withShare(standing, shares, slow.has(wayKey(from, to)));
  });
}

/** By how much those wires are slower that are, by way. */
function slowWires(all: readonly Measured[]): Map<string, number[]> {
  const excesses = new Map<string, number[]>();
  for (const [element, { isSlow, nowNs, normalNs }] of all) {
    const way = isSlow ? wayOf(element) : undefined;
    if (!way) continue;
    const key = wayKey(...way);
    excesses.set(key, [...(excesses.get(key) ?? []), nowNs - normalNs]);
  }
  return excesses;
}

/** What the way back seems to take longer is this one's. Where clocks gave it all away, this one does not even look slow. */
function withShare(standing: Standing, shares: readonly number[] | undefined, isAnySlow: boolean): Standing {
  if (!shares || (isAnySlow && !standing.isSlow)) return standing;
  const share = shares.reduce((all, one) => all + one, 0) / shares.length;
  return { ...standing, isSlow: true, nowNs: standing.nowNs + share };
}

function wayOf({ stretch }: Element): [from: string, to: string] | undefined {
  return stretch.name === 'wire' ? [stretch.from.node, stretch.to!.node] : undefined;
}

const standingOf = ({ lane, series, isAffected, quantile }: Element, figures: Figures): Standing => ({
  lane: lane.name,
  segment: series - timesOf(lane, 0),
  isSlow: isAffected,
  isShared: false,
  quantile,
  nowNs: cellQuantiles(figures.now, series, [quantile])[0],
  normalNs: normalNsOf(figures, series, quantile),
});
