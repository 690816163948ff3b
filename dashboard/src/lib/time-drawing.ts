/** Draws the time panel with any pen. */
import { formatClock, formatNs } from '../../../agent/trace/numbers.ts';
import type { Away } from '../../../agent/marks/nodes.ts';
import type { TimeColumns } from '../worker/messages.ts';
import { BANDS } from './bands.ts';
import { cividis, levelOf } from './cividis.ts';
import { formatBitRate, formatPercent } from './format.ts';
import { awayWithin, withGaps } from './gaps.ts';
import type { MarkGroup } from './marks.ts';
import type { Box, Pen, Point } from './pen.ts';
import { lengthOf, overlap, pixelAt, type Span } from './span.ts';
import type { Palette } from './theme.ts';
import { bandsOf, secondTicks, timeTicks, timeY, type Bands, type PlotName, type TimeLayout } from './time-layout.ts';

export interface Scene {
  time: TimeColumns;
  /** What everything else shows; the rest of the axis stands back. */
  span: Span;
  /** There is nothing to be drawn outside of it. */
  held: Span;
  away: readonly Away[];
  /** Of what changed. */
  groups: readonly MarkGroup[];
  palette: Palette;
}

/** Text stands on the line, its middle so far above. */
const TEXT_RISE = 4;

export function drawTime(pen: Pen, scene: Scene, layout: TimeLayout): void {
  const bands = bandsOf(scene.time.heat);
  drawHeat(pen, scene, layout.heat, bands);
  drawTimes(pen, scene, layout.heat, bands);
  for (const { name, box } of layout.plots) drawPlot(pen, scene, name, box);
  drawAway(pen, scene, layout);
  drawUnheld(pen, scene, layout);
  drawAxis(pen, scene, layout);
  standBack(pen, scene, layout);
  drawMarks(pen, scene, layout);
}

function drawHeat(pen: Pen, { time, palette }: Scene, box: Box, bands: Bands): void {
  const colors = ['', ...cividis(palette.isDark)];
  const most = time.heat.reduce((all, count) => Math.max(all, count), 0);
  for (const timeNs of timeTicks(bands)) {
    const y = timeY(timeNs, bands, box);
    pen.line([{ x: box.x, y }, { x: box.x + box.width, y }], palette.line); // prettier-ignore
    pen.text({ x: box.x - 6, y: y + TEXT_RISE }, formatNs(timeNs), palette.dim, 'end');
  }
  pen.cells(box, lengthOf(time.axis), bands.to - bands.from, (column, row) => {
    return colors[levelOf(time.heat[column * BANDS + bands.from + row], most)];
  });
  if (most === 0) sayEmpty(pen, time.lost, box, palette);
}

/** What never arrived took no time. */
function sayEmpty(pen: Pen, lost: Float64Array, { x, y, width, height }: Box, palette: Palette): void {
  const text = largest(lost) > 0 ? 'no packet arrived' : 'no packet';
  pen.text({ x: x + width / 2, y: y + height / 2 }, text, palette.dim, 'middle');
}

/** In the middle of each second; broken where there is a gap. */
function runs({ time, away }: Scene, values: ArrayLike<number>, box: Box, yOf: (value: number) => number): Point[][] {
  const length = lengthOf(time.axis);
  const seconds = Array.from({ length }, (_, at) => time.axis.from + at);
  const all: Point[][] = [[]];
  withGaps(seconds, values, away).forEach((value, at) => {
    if (value === null) all.push([]);
    else if (value !== undefined) all.at(-1)!.push({ x: box.x + ((at + 0.5) / length) * box.width, y: yOf(value) });
  });
  return all.filter((run) => run.length > 0).map(widened);
}

/** A single second is seen too. */
const widened = (run: Point[]): Point[] =>
  run.length > 1 ? run : [{ x: run[0].x - 1.5, y: run[0].y }, { x: run[0].x + 1.5, y: run[0].y }]; // prettier-ignore

function drawTimes(pen: Pen, scene: Scene, box: Box, bands: Bands): void {
  const { time, palette } = scene;
  const labels: { text: string; y: number }[] = [];
  for (const [text, values, width, dash] of [
    ['p99', time.p99Ns, 1.25, []],
    ['p90', time.p90Ns, 1.25, [2, 3]],
    ['p50', time.p50Ns, 2, []],
  ] as const) {
    const lines = runs(scene, values, box, (timeNs) => timeY(timeNs, bands, box));
    for (const line of lines) {
      pen.line(line, palette.panel, { width: width + 2.5 });
      pen.line(line, palette.ink, { width, dash });
    }
    if (lines.length > 0) labels.push({ text, y: lines.at(-1)!.at(-1)!.y });
  }
  for (const { text, y } of apart(labels, box)) {
    pen.text({ x: box.x + box.width + 6, y: y + TEXT_RISE }, text, palette.dim);
  }
}

/** Labels one below the other, none upon another. */
function apart(labels: { text: string; y: number }[], { y, height }: Box): { text: string; y: number }[] {
  const room = 11;
  const sorted = labels.toSorted((a, b) => a.y - b.y);
  sorted.forEach((label, at) => {
    if (at > 0) label.y = Math.max(label.y, sorted[at - 1].y + room);
  });
  const over = Math.max(0, (sorted.at(-1)?.y ?? 0) - (y + height));
  return sorted.map((label, at) => ({ ...label, y: label.y - (at === 0 ? 0 : over) }));
}

function drawPlot(pen: Pen, scene: Scene, name: PlotName, box: Box): void {
  const { time, palette } = scene;
  const { x, y, width, height } = box;
  pen.line([{ x, y: y + height }, { x: x + width, y: y + height }], palette.line); // prettier-ignore
  pen.text({ x: x - 6, y: y + 10 }, name, palette.text, 'end');
  const say = (text: string): void => pen.text({ x: x - 6, y: y + 24 }, text, palette.dim, 'end');
  switch (name) {
    case 'rate':
      return say(drawRate(pen, scene, box));
    case 'lost':
      return say(drawShares(pen, time.axis, sharesOf(time.lost, plus(time.lost, time.joined)), box, palette.loss));
    case 'sent again':
      return say(drawShares(pen, time.axis, sharesOf(time.again, time.joined), box, palette.warn));
    case 'queue':
      return say(drawQueue(pen, scene, box));
  }
}

function drawRate(pen: Pen, scene: Scene, box: Box): string {
  const { bytes, joined, lost } = scene.time;
  const seen = bytes.map((count, at) => (joined[at] + lost[at] > 0 ? count : NaN));
  const most = largest(bytes);
  const base = box.y + box.height;
  for (const line of runs(scene, seen, box, (rate) => base - (most > 0 ? rate / most : 0) * box.height)) {
    pen.area(line, base, scene.palette.shade);
    pen.line(line, scene.palette.body, { width: 1.25 });
  }
  return formatBitRate(most);
}

function drawQueue(pen: Pen, scene: Scene, box: Box): string {
  const { queueP50Ns, queueP99Ns } = scene.time;
  const most = Math.max(1, largest(queueP99Ns));
  const yOf = (timeNs: number): number => box.y + box.height * (1 - timeNs / most);
  for (const line of runs(scene, queueP99Ns, box, yOf)) pen.line(line, scene.palette.faint);
  for (const line of runs(scene, queueP50Ns, box, yOf)) pen.line(line, scene.palette.ink, { width: 1.5 });
  return formatNs(most);
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, at) => value + b[at]);
const sharesOf = (part: Float64Array, whole: Float64Array): Float64Array =>
  part.map((count, at) => (count > 0 ? count / whole[at] : 0));
export const largest = (values: Float64Array): number =>
  values.reduce((most, value) => (value > most ? value : most), 0);

/** Bars; what is little is still seen. */
function drawShares(pen: Pen, axis: Span, shares: Float64Array, box: Box, color: string): string {
  const most = largest(shares);
  if (most === 0) return 'none';
  const step = box.width / lengthOf(axis);
  shares.forEach((share, at) => {
    if (share === 0) return;
    const height = Math.max(2, (share / most) * box.height);
    pen.rect({ x: box.x + at * step, y: box.y + box.height - height, width: Math.max(1, step - 0.5), height }, color);
  });
  return `≤ ${formatPercent(most)}`;
}

function drawAway(pen: Pen, { time, away, palette }: Scene, { heat, axisY }: TimeLayout): void {
  for (const { from, to } of awayWithin(away, time.axis.from, time.axis.to)) {
    const [left, right] = [from, to].map((second) => heat.x + pixelAt(second, time.axis, heat.width));
    pen.hatch({ x: left, y: heat.y, width: right - left, height: axisY - heat.y }, palette.warn);
  }
}

function drawUnheld(pen: Pen, { time, held, palette }: Scene, { heat, axisY }: TimeLayout): void {
  for (const { from, to } of [
    overlap(time.axis, { from: -Infinity, to: held.from }),
    overlap(time.axis, { from: held.to, to: Infinity }),
  ]) {
    const [left, right] = [from, to].map((second) => heat.x + pixelAt(second, time.axis, heat.width));
    pen.hatch({ x: left, y: heat.y, width: right - left, height: axisY - heat.y }, palette.line);
  }
}

function drawAxis(pen: Pen, { time, palette }: Scene, { left, right, axisY, labelY }: TimeLayout): void {
  const width = right - left;
  pen.line([{ x: left, y: axisY }, { x: right, y: axisY }], palette.faint); // prettier-ignore
  for (const second of secondTicks(time.axis, width)) {
    const x = left + pixelAt(second, time.axis, width);
    pen.line([{ x, y: axisY }, { x, y: axisY + 4 }], palette.faint); // prettier-ignore
    pen.text({ x, y: labelY }, formatClock(second * 1000), palette.dim, 'middle');
  }
}

/** What is not in the span. */
function standBack(pen: Pen, { time, span, palette }: Scene, { left, right, heat, axisY }: TimeLayout): void {
  const shown = overlap(span, time.axis);
  if (lengthOf(shown) === lengthOf(time.axis)) return;
  const [from, to] = [shown.from, shown.to].map((second) => left + pixelAt(second, time.axis, right - left));
  for (const [x, end] of [
    [left, from],
    [to, right],
  ])
    pen.rect({ x, y: heat.y, width: Math.max(0, end - x), height: axisY - heat.y }, palette.panel, 0.72);
  for (const x of [from, to]) pen.line([{ x, y: heat.y }, { x, y: axisY }], palette.accent, { width: 1.5 }); // prettier-ignore
}

/** Where marks stand on the axis. */
export const markX = ({ from }: MarkGroup, axis: Span, { left, right }: TimeLayout): number =>
  left + pixelAt(from + 0.5, axis, right - left);

function drawMarks(pen: Pen, { time, groups, palette }: Scene, layout: TimeLayout): void {
  for (const group of groups) {
    const x = markX(group, time.axis, layout);
    pen.line([{ x, y: layout.marksY + TEXT_RISE }, { x, y: layout.axisY }], palette.faint, { dash: [1, 3] }); // prettier-ignore
    const text = group.marks.length > 1 ? String(group.marks.length) : '▾';
    pen.text({ x, y: layout.marksY + TEXT_RISE }, text, palette.text, 'middle');
  }
}
