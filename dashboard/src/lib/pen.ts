/** What plots are drawn with, onto a canvas or into an SVG: one drawing for the page and for files. */
export interface Point {
  x: number;
  y: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface LineStyle {
  width?: number;
  dash?: readonly number[];
}

export type Anchor = 'start' | 'middle' | 'end';

export interface Pen {
  rect(box: Box, fill: string, opacity?: number): void;
  line(points: readonly Point[], stroke: string, style?: LineStyle): void;
  /** Filled, between a line and a horizontal one. */
  area(points: readonly Point[], baseY: number, fill: string): void;
  text(at: Point, text: string, fill: string, anchor?: Anchor): void;
  /** A box cut into columns and rows; row 0 is the lowest. An empty colour is nothing. */
  cells(box: Box, columns: number, rows: number, colorOf: (column: number, row: number) => string): void;
  /** Slanting lines, for what is not known. */
  hatch(box: Box, stroke: string): void;
}

export const FONT_PX = 11;
export const FONT_FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
/** As a canvas takes it. */
export const FONT = `${FONT_PX}px ${FONT_FAMILY}`;
const HATCH_STEP = 8;

/** Begins and ends of the lines of a hatched box, clipped to it. */
export function hatchLines({ x, y, width, height }: Box): [from: Point, to: Point][] {
  const lines: [Point, Point][] = [];
  for (let left = x - height + (HATCH_STEP - ((x - height) % HATCH_STEP)); left < x + width; left += HATCH_STEP) {
    const [from, to] = [Math.max(left, x), Math.min(left + height, x + width)];
    if (to > from) lines.push([{ x: from, y: y + height - (from - left) }, { x: to, y: y + height - (to - left) }]); // prettier-ignore
  }
  return lines;
}
