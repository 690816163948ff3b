/** Where things lie on the time panel: one axis, the heat map over it, thin plots below. Pure. */
import { BANDS, bandAt, bandStart, LOWEST_NS } from './bands.ts';
import type { Box } from './pen.ts';
import { lengthOf, type Span } from './span.ts';

const plotNames = ['rate', 'lost', 'sent again', 'queue'] as const;
export type PlotName = (typeof plotNames)[number];

export interface TimeLayout {
  width: number;
  height: number;
  /** Of everything that lies on the axis. */
  left: number;
  right: number;
  /** Above the heat map, for what changed. */
  marksY: number;
  heat: Box;
  plots: { name: PlotName; box: Box }[];
  /** Baseline of the times' labels; below `axisY` dragging moves the axis. */
  axisY: number;
  labelY: number;
}

const GUTTER = 72;
const RIGHT = 34;
const MARKS = 18;
const HEAT = 152;
const PLOT = 28;
const GAP = 10;
const AXIS = 22;

export function layOutTime(width: number, hasQueue: boolean): TimeLayout {
  const box = (y: number, height: number): Box => ({
    x: GUTTER,
    y,
    width: Math.max(1, width - GUTTER - RIGHT),
    height,
  });
  const heat = box(MARKS, HEAT);
  const names = plotNames.filter((name) => name !== 'queue' || hasQueue);
  const plots = names.map((name, at) => ({ name, box: box(MARKS + HEAT + GAP + at * (PLOT + GAP), PLOT) }));
  const axisY = MARKS + HEAT + GAP + names.length * (PLOT + GAP) - GAP + 2;
  return {
    width, height: axisY + AXIS, left: heat.x, right: heat.x + heat.width,
    marksY: MARKS / 2, heat, plots, axisY, labelY: axisY + 15,
  }; // prettier-ignore
}

/** The bands that are drawn: `to` is the first that is not. */
export interface Bands {
  from: number;
  to: number;
}

/** Two octaves at least: else noise would fill the picture. */
const LEAST_BANDS = 8;

/** Those in which anything was measured, and one on either side. */
export function bandsOf(heat: Float32Array): Bands {
  let [from, to] = [BANDS, 0];
  heat.forEach((count, at) => {
    if (count === 0) return;
    from = Math.min(from, at % BANDS);
    to = Math.max(to, (at % BANDS) + 1);
  });
  if (from >= to) return { from: 16, to: 48 };
  const missing = Math.max(2, LEAST_BANDS - (to - from));
  const low = Math.max(0, from - Math.ceil(missing / 2));
  return { from: low, to: Math.min(BANDS, to + missing - Math.ceil(missing / 2)) };
}

/** Of a time on the heat map; what is below it lies at its foot. */
export function timeY(timeNs: number, { from, to }: Bands, { y, height }: Box): number {
  const share = (Math.max(from, Math.min(to, bandAt(timeNs))) - from) / (to - from);
  return y + height * (1 - share);
}

/** The band at a height; undefined outside of the map. */
export function bandAtY(atY: number, { from, to }: Bands, { y, height }: Box): number | undefined {
  const share = 1 - (atY - y) / height;
  return share < 0 || share >= 1 ? undefined : from + Math.floor(share * (to - from));
}

/** Times to be written at the side: decades, or more where few of them fit. */
export function timeTicks({ from, to }: Bands): number[] {
  const [least, most] = [Math.max(LOWEST_NS, bandStart(from)), bandStart(to)];
  const steps = most / least > 1000 ? [1] : most / least > 30 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let decade = 1; decade <= most; decade *= 10) {
    for (const step of steps) if (decade * step >= least && decade * step <= most) ticks.push(decade * step);
  }
  return ticks;
}

const SECOND_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const LABEL_PX = 72;

/** Seconds that are written below. */
export function secondTicks(axis: Span, width: number): number[] {
  const step = SECOND_STEPS.find((one) => (one / lengthOf(axis)) * width >= LABEL_PX) ?? 600;
  const first = Math.ceil(axis.from / step) * step;
  return Array.from({ length: Math.max(0, Math.ceil((axis.to - first) / step)) }, (_, at) => first + at * step);
}
