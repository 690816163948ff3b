/**
 * Who stands where on the map, as a pure function of what is there and of what was given a place before: a place once given
 * stays. Lines and columns only; pixels are lib/map-layout.ts's.
 *
 * Until the map is settled (the first seconds, in which everything turns up) nodes are put in the order of their names.
 * Afterwards new ones come last. Until then, and when something else is asked for, frames become as high as they need and
 * show what fits as fine as it can be; in between a frame with more to show than it has lines shows it coarser, and only the
 * lowest grow.
 */
import { levels, type Level } from './view.ts';

/** What is there. */
export interface Present {
  node: string;
  /** Keys of its groups at a level. */
  groups: (level: Level) => ReadonlySet<string>;
  /** Names of devices by column, in the order in which packets pass them. */
  devices: readonly string[][];
}

export interface Frame {
  node: string;
  level: Level;
  /** Keys by line, for every level that was shown: what comes back finds its place. */
  slots: Partial<Record<Level, readonly string[]>>;
  devices: readonly string[][];
}

export interface Line {
  lines: number;
  /** Where its devices stand; does not move when the last line of frames grows. */
  middle: number;
}

export interface Arrangement {
  isSettled: boolean;
  /** What the levels were chosen for: another filter may be shown finer. */
  scope: string;
  columns: 1 | 2;
  frames: readonly Frame[];
  rows: readonly Line[];
  /** The rows before they were narrowed: what is undone is back in its place. */
  whole: readonly Line[];
  /** Lines that a frame may have. */
  room: number;
}

export interface Arranging {
  present: readonly Present[];
  finest: Level;
  scope: string;
  /** A filter leaves some of it: who has nothing left needs no room. */
  isNarrowed: boolean;
  isSettled: boolean;
}

export const nothing: Arrangement = {
  isSettled: false, scope: '', columns: 1, frames: [], rows: [], whole: [], room: 0,
}; // prettier-ignore

const LEAST_LINES = 4;
const MOST_LINES = 10;
/** Lines of frames and of all that is in them, one above the other. */
const ALL_LINES = 26;
const HEAD_LINES = 2;
const MAX_FRAMES = 512;
/** Of a frame and column: so many keep their place although they are gone. */
const MANY_DEVICES = 64;

/** Lines that every frame may have. */
export function roomFor(frames: number): number {
  const rows = Math.ceil(frames / 2);
  return Math.min(MOST_LINES, Math.max(1, Math.floor(ALL_LINES / rows) - HEAD_LINES));
}

export function arrange(before: Arrangement, arranging: Arranging): Arrangement {
  const { present, scope, finest, isNarrowed } = arranging;
  const nodes = orderOf(before, present);
  const columns = before.isSettled ? before.columns : nodes.length > 1 ? 2 : 1;
  const rowCount = Math.ceil(nodes.length / columns);
  const isFree = !before.isSettled || scope !== before.scope;
  const busy = present.filter(({ groups }) => groups('node').size > 0);
  const room = isFree ? roomFor(isNarrowed ? busy.length : nodes.length) : before.room;
  const had = (row: number): Line | undefined => (isFree ? (isNarrowed ? undefined : before.whole[row]) : before.rows[row]);
  const [byNode, known] = [indexOf(present), indexOf(before.frames)];
  const frames = nodes.map((node, at) => {
    const frame = known.get(node) ?? { node, level: finest, slots: {}, devices: [] };
    const one = byNode.get(node);
    const row = Math.floor(at / columns);
    const from = isFree ? finest : coarser(frame.level, finest);
    const fixed = isFree || row === rowCount - 1 ? undefined : had(row);
    return one ? fill(frame, one, from, fixed?.lines ?? room) : frame;
  });
  const isBusy = ({ node }: Frame): boolean => !isNarrowed || busy.some((one) => one.node === node);
  const rows = Array.from({ length: rowCount }, (_, row) => {
    const used = frames.slice(row * columns, (row + 1) * columns).filter(isBusy);
    return lineOf(had(row), linesFor(used, room), isFree, row < rowCount - 1);
  });
  return {
    isSettled: arranging.isSettled || before.isSettled, scope, columns, frames, rows, room,
    whole: isNarrowed ? before.whole : rows,
  };
} // prettier-ignore

const indexOf = <T extends { node: string }>(all: readonly T[]): Map<string, T> =>
  new Map(all.map((one) => [one.node, one]));

/** By name at first; then as they came. What has no name comes last. */
function orderOf({ isSettled, frames }: Arrangement, present: readonly Present[]): string[] {
  const known = new Set(frames.map(({ node }) => node));
  const added = present.map(({ node }) => node).filter((node) => !known.has(node));
  if (isSettled) return [...known, ...added.sort(byName)].slice(0, MAX_FRAMES);
  return [...known, ...added].sort(byName).slice(0, MAX_FRAMES);
}

const collator = new Intl.Collator('en', { numeric: true });
const byName = (a: string, b: string): number => Number(a === '') - Number(b === '') || collator.compare(a, b);

const coarser = (a: Level, b: Level): Level => levels[Math.max(levels.indexOf(a), levels.indexOf(b))];

function fill(frame: Frame, { groups, devices }: Present, from: Level, room: number): Frame {
  const level = levels.slice(levels.indexOf(from)).find((one) => groups(one).size <= room) ?? 'node';
  const slots = place(frame.slots[level] ?? [], groups(level), room);
  return {
    node: frame.node,
    level,
    slots: { ...frame.slots, [level]: slots },
    devices: devices.map((names, column) => append(frame.devices[column] ?? [], names)),
  };
}

/** Those that are new take a line behind all others, or that of one which is gone. */
function place(slots: readonly string[], present: ReadonlySet<string>, room: number): string[] {
  const placed = slots.slice(0, room);
  const known = new Set(placed);
  for (const key of [...present].filter((one) => !known.has(one)).sort(byName)) {
    const free = placed.length < room ? placed.length : placed.findIndex((one) => !present.has(one));
    if (free >= 0) placed[free] = key;
  }
  return placed;
}

/** Devices that are new come behind all others, or where there are many in the place of one that is gone. */
function append(known: readonly string[], names: readonly string[]): string[] {
  const [placed, present] = [[...known], new Set(names)];
  for (const name of names) {
    if (placed.includes(name)) continue;
    const free = placed.length < MANY_DEVICES ? -1 : placed.findIndex((one) => !present.has(one));
    placed[free < 0 ? placed.length : free] = name;
  }
  return placed;
}

const linesFor = (frames: readonly Frame[], room: number): number =>
  frames.length === 0
    ? 1
    : Math.min(room, Math.max(LEAST_LINES, ...frames.map(({ level, slots }) => slots[level]?.length ?? 0)));

function lineOf(had: Line | undefined, needed: number, isFree: boolean, isAboveOthers: boolean): Line {
  if (had && !isFree && isAboveOthers) return had;
  const lines = Math.max(needed, had?.lines ?? 0);
  return { lines, middle: had && (!isFree || had.lines === lines) ? had.middle : (lines - 1) / 2 };
}
