/** Which segments of which lanes take longer than before. */
import { cellQuantiles, type Cells } from '../histogram/cells.ts';
import { countAbove, stretchOf, type Element } from './element.ts';
import { timesOf, type Figures, type Lane } from './figures.ts';
import { leastShare } from './share.ts';
import { LEAST_NOW, LEAST_SLICE, slower, type Slower } from './thresholds.ts';

const measured = new WeakMap<Figures, Element[]>();

/** Once for each figures: whoever asks next gets the same. */
export function measureTimes(figures: Figures): Element[] {
  let elements = measured.get(figures);
  if (!elements) measured.set(figures, (elements = measureAll(figures)));
  return elements;
}

function measureAll(figures: Figures): Element[] {
  const elements = figures.lanes
    .filter(({ loss }) => loss === '')
    .flatMap((lane) => lane.segments.flatMap((_, segment) => measure(figures, lane, segment) ?? []));
  const shifts = wireShifts(elements, figures);
  return elements.filter((element) => !element.isAffected || !isClock(element, shifts));
}

/** The worst of the slices before. */
export const normalNsOf = (figures: Figures, series: number, quantile: number): number =>
  worstOf(slicesOf(figures, series), series, quantile);

/** Slices in which there is enough to compare with. */
const slicesOf = ({ before }: Figures, series: number): Cells[] =>
  before.filter((slice) => countAbove(slice, series, 0).of >= LEAST_SLICE);

const worstOf = (slices: readonly Cells[], series: number, quantile: number): number =>
  Math.max(...slices.map((slice) => cellQuantiles(slice, series, [quantile])[0]));

/** Undefined where it cannot be told: too few packets, no time before, no clock. */
function measure(figures: Figures, lane: Lane, segment: number): Element | undefined {
  const series = timesOf(lane, segment);
  const isWire = lane.segments[segment] === 'wire';
  const boundNs = isWire ? lane.relativeBoundNs : 0;
  if (countAbove(figures.now, series, 0).of < LEAST_NOW || Number.isNaN(boundNs)) return undefined;
  const slices = slicesOf(figures, series);
  if (slices.length < figures.wanted) return undefined;
  const same: Element = {
    symptom: 'slow', lane, stretch: stretchOf(lane, segment), isAffected: false, excess: 0, series, quantile: 0.5,
    tally: (cells) => countAbove(cells, series, Infinity), detail: '',
  }; // prettier-ignore
  for (const rule of slower) {
    const worse = slowerBy(rule, figures.now, slices, series, boundNs);
    if (worse) return { ...same, ...worse, isAffected: true, quantile: rule.quantile };
  }
  return same;
}

/** The worst of the slices, made worse by the rule, must lie below the quantile now even if the sample is a lucky one. */
function slowerBy(
  { quantile, times, ns }: Slower,
  now: Cells,
  slices: readonly Cells[],
  series: number,
  boundNs: number,
): Pick<Element, 'excess' | 'tally'> | undefined {
  const [nowNs] = cellQuantiles(now, series, [quantile]);
  if (nowNs <= ns) return undefined;
  const worstNs = worstOf(slices, series, quantile);
  const limitNs = Math.max(worstNs * times, worstNs + ns) + boundNs;
  const { bad, of } = countAbove(now, series, limitNs);
  if (leastShare(bad, of) <= 1 - quantile) return undefined;
  return {
    excess: (nowNs - worstNs) * Math.min(1, 2 * (1 - quantile)),
    tally: (cells) => countAbove(cells, series, limitNs),
  };
}

/** Medians of one wire of one direction, before and now. */
interface Shift {
  wasNs: number;
  isNs: number;
}

const link = (from: string, to: string): string => `${from} ${to}`;

function wireShifts(elements: readonly Element[], { now, past }: Figures): Map<string, Shift[]> {
  const shifts = new Map<string, Shift[]>();
  for (const { stretch, series } of elements) {
    if (stretch.name !== 'wire') continue;
    const key = link(stretch.from.node, stretch.to!.node);
    const [[wasNs], [isNs]] = [past, now].map((cells) => cellQuantiles(cells, series, [0.5]));
    shifts.set(key, [...(shifts.get(key) ?? []), { wasNs, isNs }]);
  }
  return shifts;
}

/**
 * What one direction lost the other won: no packet took longer, the estimate of a clock moved. Times below nothing are kept
 * as nothing (histogram.ts), so one that fell that far has won any amount.
 */
function isClock({ stretch, excess }: Element, shifts: ReadonlyMap<string, Shift[]>): boolean {
  if (stretch.name !== 'wire') return false;
  const back = shifts.get(link(stretch.to!.node, stretch.from.node)) ?? [];
  const won = back.filter(({ wasNs, isNs }) => wasNs - isNs > excess / 2 || (isNs <= 0 && wasNs > 0));
  return won.length > back.length / 2;
}
