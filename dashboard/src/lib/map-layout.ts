/** Where the map's frames, lines and devices lie, in pixels. Pure: places in, pixels out. */
import type { MapDevice, MapFrame, MapGroup, MapLink, MapView } from '../worker/map/view.ts';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where links end. */
export interface Anchor {
  x: number;
  y: number;
  /** A bridge is as long as its ports need. */
  top: number;
  bottom: number;
  /** Away from the pods: 1 to the right, -1 to the left. */
  outward: 1 | -1;
  frame: number;
}

export interface LaidFrame extends Box {
  outward: 1 | -1;
  /** One line, without names of devices. */
  isCompact: boolean;
  /** Room for a name, in pixels. */
  textWidth: number;
}

export interface LaidMap {
  width: number;
  height: number;
  frames: LaidFrame[];
  anchors: ReadonlyMap<string, Anchor>;
}

export const LINE = 22;
const HEAD = 40;
const FOOT = 10;
const COMPACT = 30;
const GAP = 8;
const EDGE = 18;
const NARROW = 640;
/** In one that is less wide names side by side would run into each other. */
export const NARROW_FRAME = 340;
const NARROW_GUTTER = 40;
/** Of the way from the pods to the uplink. */
const columnShare = [0.36, 0.52, 0.68, 1];
const STACKED = 34;
/** From a pod to the tick of its device. */
export const VETH = 22;

export function layOutMap({ frames, columns, lines }: Pick<MapView, 'frames' | 'columns' | 'lines'>, width: number): LaidMap {
  const shownColumns = width < NARROW ? 1 : columns;
  const gutter = shownColumns === 1 ? NARROW_GUTTER : Math.max(96, Math.min(260, width * 0.2));
  const frameWidth = shownColumns === 2 ? (width - gutter) / 2 : width - gutter;
  const laid: LaidFrame[] = [];
  const anchors = new Map<string, Anchor>();
  let y = 1;
  frames.forEach((frame, at) => {
    const row = lines[Math.floor(at / columns)];
    const isRight = shownColumns === 2 && at % 2 === 1;
    const isCompact = row.lines < 2;
    const height = isCompact ? COMPACT : HEAD + row.lines * LINE + FOOT;
    const box: LaidFrame = {
      x: isRight ? width - frameWidth : 0, y, width: frameWidth, height, outward: isRight ? -1 : 1, isCompact,
      textWidth: Math.max(84, Math.min(200, frameWidth * 0.36)),
    };
    laid.push(box);
    place(anchors, frame, box, at, row.middle);
    if (shownColumns === 1 || isRight || at === frames.length - 1) y += height + GAP;
  });
  return { width, height: Math.max(0, y - GAP + 1), frames: laid, anchors };
} // prettier-ignore

function place(
  anchors: Map<string, Anchor>,
  { groups, devices }: MapFrame,
  box: LaidFrame,
  frame: number,
  middle: number,
): void {
  const lineY = (line: number): number => box.y + (box.isCompact ? COMPACT / 2 : HEAD + (line + 0.5) * LINE);
  const x = (fromPods: number): number => (box.outward === 1 ? box.x + fromPods : box.x + box.width - fromPods);
  const start = box.textWidth + 12;
  const end = box.width - EDGE;
  // Who has no device stands at the edge, where the links come in.
  const podX = x(devices.length > 0 ? start : end);
  const at = (anchorX: number, y: number, reach = 0): Anchor => ({
    x: anchorX, y, top: y - reach, bottom: y + reach, outward: box.outward, frame,
  }); // prettier-ignore
  for (const { id, slot } of groups) anchors.set(id, at(podX, lineY(slot)));
  for (const device of devices) {
    const y = lineY(middle) + stacked(device.place);
    const deviceX = x(start + VETH + (end - start - VETH) * columnShare[device.column]);
    anchors.set(device.id, device.column === 0 ? bridge(at(deviceX, y), groups, lineY) : at(deviceX, y, 12));
  }
}

/** The first in the middle, others in turn below and above it: nobody moves when one more comes. */
const stacked = (place: number): number => Math.ceil(place / 2) * STACKED * (place % 2 === 1 ? 1 : -1);

function bridge(anchor: Anchor, groups: readonly MapGroup[], lineY: (line: number) => number): Anchor {
  const ys = groups.map(({ slot }) => lineY(slot));
  return { ...anchor, top: Math.min(anchor.top, ...ys) - 9, bottom: Math.max(anchor.bottom, ...ys) + 9 };
}

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/** The ends of a link: a long one is met where the other end is. */
function endsOf(from: Anchor, to: Anchor): [fromY: number, toY: number] {
  const fromY = clamp(to.y, from.top + 9, from.bottom - 9);
  const isLong = ({ top, bottom }: Anchor): boolean => bottom - top > 18;
  return [isLong(from) ? fromY : from.y, isLong(to) ? clamp(from.y, to.top + 9, to.bottom - 9) : to.y];
}

/** SVG path data. */
export function linkPath({ isWire }: Pick<MapLink, 'isWire'>, from: Anchor, to: Anchor): string {
  const [fromY, toY] = isWire ? [from.y, to.y] : endsOf(from, to);
  const [a, b] = isWire ? bends(from, to) : withinBends(from, to);
  const round = (value: number): number => Math.round(value * 10) / 10;
  return `M${round(from.x)} ${round(fromY)}C${round(from.x + a)} ${round(fromY)} ${round(to.x + b)} ${round(toY)} ${round(to.x)} ${round(toY)}`;
}

function withinBends(from: Anchor, to: Anchor): [number, number] {
  if (from.x === to.x) return [from.outward * 24, to.outward * 24];
  return [(to.x - from.x) / 2, (from.x - to.x) / 2];
}

/** Frames above each other are joined round the outside of both. */
function bends(from: Anchor, to: Anchor): [number, number] {
  if (from.outward !== to.outward) {
    const bend = Math.abs(from.x - to.x) / 2;
    return [from.outward * bend, to.outward * bend];
  }
  const apart = Math.abs(from.frame - to.frame);
  const bend = from.outward * (EDGE + 14 + Math.min(40, 8 * apart));
  return [bend, bend + (from.x - to.x)];
}

/** The middle of that curve. */
export function linkMiddle(link: Pick<MapLink, 'isWire'>, from: Anchor, to: Anchor): { x: number; y: number } {
  const [x1, y1, x2, y2, x3, y3, x4, y4] = linkPath(link, from, to)
    .match(/-?\d+(\.\d+)?/g)!
    .map(Number);
  return { x: (x1 + 3 * x2 + 3 * x3 + x4) / 8, y: (y1 + 3 * y2 + 3 * y3 + y4) / 8 };
}

/** Pixels of a rate: each tenfold is as much wider, whatever else there is, so that no line breathes with its neighbours. */
export function rateWidth(bytesPerSecond: number): number {
  const wide = 1 + 1.1 * Math.log10(1 + bytesPerSecond / 1000);
  return Math.round(wide * 4) / 4;
}

/** Characters that fit, of the page's font at 12 px. */
export const charactersIn = (pixels: number): number => Math.max(4, Math.floor(pixels / 7.2));

export const deviceOrder = (a: MapDevice, b: MapDevice): number => a.column - b.column || a.place - b.place;
