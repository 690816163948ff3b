/**
 * Keeps figures, second by second, and gives the window now and the one before. While something stands out the window
 * before stays what it was: a fault that lasts does not become the measure of itself.
 */
import { addCell, cellKey, createCells, sortCells, type CellTable, type Cells } from '../histogram/cells.ts';
import {
  seriesCount,
  type Coverage,
  type Figures,
  type Lane,
  type LaneWay,
  type NodeFigures,
  type Second,
} from './figures.ts';

/** Length of the window now and of each slice before. */
export const WINDOW_SECONDS = 10;
const MAX_SLICES = 6;
/** What is said rests on that many. */
const WANTED_SLICES = 3;
/** By then nearly all times of a second have been told, and all losses. */
const TOLD_SECONDS = 3;
const SETTLED_SECONDS = 8;
/** Between the windows: what began there belongs to neither. */
const GAP_SECONDS = 5;
const NOW_SECONDS = SETTLED_SECONDS + WINDOW_SECONDS + GAP_SECONDS;
/** The beginning of a change is looked for so far back. */
const RECENT_SECONDS = NOW_SECONDS + 2 * WINDOW_SECONDS;
/** So long after it began, what is is what was. */
const ACCEPTED_SECONDS = 1800;
const FORGOTTEN_SECONDS = 120;
const MAX_LANES = 1024;

export interface Store {
  /** The lane of this key, made by `way` when it is new; undefined where there are too many. */
  lane(key: string, way: () => LaneWay): Lane | undefined;
  /** A packet that found no lane. */
  pass(second: number): void;
  add: (second: number, series: number, bucket: number) => void;
  /** Call it once a second, before `figures`; `isQuiet`: nothing stands out. */
  turn(second: number, isQuiet: boolean): void;
  figures(nodes: readonly NodeFigures[], coverage: Coverage): Figures;
}

export function createStore(maxLanes = MAX_LANES): Store {
  const lanes = new Map<string, Lane>();
  /** Open ones, in no order. */
  const open = new Map<number, CellTable>();
  const freeBlocks = new Map<number, number[]>();
  /** Packets without a lane, by second. */
  const passed = new Map<number, number>();
  let before: Cells[] = [];
  let past = sum([]);
  /** Closed, of the last RECENT_SECONDS, in order. */
  let recent: Second[] = [];
  let nextSeries = 0;
  let sliceFrom = NaN;
  let latest = -Infinity;
  let loudSeconds = 0;
  let latestLoud = -Infinity;

  function takeBlock(size: number): number {
    const base = freeBlocks.get(size)?.pop() ?? nextSeries;
    if (base === nextSeries) nextSeries += size;
    return base;
  }

  function forget(second: number): void {
    for (const [key, lane] of lanes) {
      if (lane.lastSecond >= second) continue;
      lanes.delete(key);
      const size = seriesCount(lane.segments.length);
      freeBlocks.set(size, [...(freeBlocks.get(size) ?? []), lane.base]);
    }
  }

  /** Closed ones and open ones as they are now. */
  const seconds = (): Second[] => [
    ...recent,
    ...[...open].map(([second, table]) => ({ second, ...sortCells(table) })).sort((a, b) => a.second - b.second),
  ];

  function windowAt(from: number): Cells {
    const isInside = (second: number): boolean => second >= from && second < from + WINDOW_SECONDS;
    const closed = recent.filter(({ second }) => isInside(second));
    const still = [...open].filter(([second]) => isInside(second)).map(([, table]) => table);
    return sum([...closed, ...still]);
  }

  function passedFrom(from: number): number {
    let count = 0;
    for (let second = from; second < from + WINDOW_SECONDS; second++) count += passed.get(second) ?? 0;
    return count;
  }

  function slice(second: number): void {
    if (Number.isNaN(sliceFrom)) sliceFrom = recent[0].second;
    while (sliceFrom + WINDOW_SECONDS <= second - NOW_SECONDS) {
      before.push(windowAt(sliceFrom));
      if (before.length > MAX_SLICES) before.shift();
      past = sum(before);
      sliceFrom += WINDOW_SECONDS;
    }
  }

  return {
    lane(key, way) {
      const known = lanes.get(key);
      if (known || lanes.size >= maxLanes) return known;
      const lane = { ...way(), base: 0, relativeBoundNs: 0, lastSecond: -Infinity };
      lane.base = takeBlock(seriesCount(lane.segments.length));
      lanes.set(key, lane);
      return lane;
    },
    pass: (second) => void passed.set(second, (passed.get(second) ?? 0) + 1),
    add(second, series, bucket) {
      const at = Math.max(second, latest - SETTLED_SECONDS);
      let table = open.get(at);
      if (!table) open.set(at, (table = createCells()));
      addCell(table, cellKey(series, bucket), 1);
    },
    turn(second, isQuiet) {
      latest = second;
      const ripe = [...open.keys()].filter((at) => at < second - SETTLED_SECONDS).sort((a, b) => a - b);
      for (const at of ripe) {
        recent.push({ second: at, ...sortCells(open.get(at)!) });
        open.delete(at);
      }
      loudSeconds = isQuiet ? 0 : loudSeconds + 1;
      if (loudSeconds > ACCEPTED_SECONDS) [before, past, loudSeconds] = [[], sum([]), 0];
      if (!isQuiet) sliceFrom = latestLoud = second;
      else if (recent.length > 0 || !Number.isNaN(sliceFrom)) slice(second);
      const oldest = second - RECENT_SECONDS;
      recent = recent.filter((one) => one.second >= oldest);
      for (const at of passed.keys()) if (at < oldest) passed.delete(at);
      // The slices speak of a lane by its series: it may serve another only when they are over. They stay while it is loud.
      if (second - latestLoud > FORGOTTEN_SECONDS) forget(second - FORGOTTEN_SECONDS);
    },
    figures: (nodes, coverage) => ({
      lanes: [...lanes.values()],
      now: windowAt(latest - TOLD_SECONDS - WINDOW_SECONDS),
      nowSettled: windowAt(latest - SETTLED_SECONDS - WINDOW_SECONDS),
      before,
      past,
      wanted: WANTED_SLICES,
      recent: seconds,
      nodes,
      coverage,
      unwatched: passedFrom(latest - TOLD_SECONDS - WINDOW_SECONDS),
    }),
  };
}

/** As one; of open seconds what they hold by now. */
function sum(parts: readonly Cells[]): Cells {
  const most = parts.reduce((all, { keys }) => all + keys.length, 0);
  const table = createCells(2 ** Math.ceil(Math.log2(2 * most + 2)));
  for (const { keys, counts } of parts) {
    for (let at = 0; at < keys.length; at++) if (counts[at] > 0) addCell(table, keys[at], counts[at]);
  }
  return sortCells(table);
}
