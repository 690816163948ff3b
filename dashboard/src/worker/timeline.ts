/** What is in focus over time, second by second: what is packed is worked out once. */
import { cellQuantiles } from '../../../agent/histogram/cells.ts';
import { BANDS } from '../lib/bands.ts';
import { segmentPlace } from '../lib/row.ts';
import { equalSpans, lengthOf, type Span } from '../lib/span.ts';
import { OPEN_SECONDS, type History, type Second } from './history.ts';
import type { Mark } from '../../../agent/marks/marks.ts';
import type { SegmentColumns, TimeColumns } from './messages.ts';
import { seriesOf, Series, type Row, type Way } from './rows.ts';
import { figuresOfSecond, Use, type SecondFigures, type Uses } from './second.ts';
import { chooserOf, segmentChoices, TOTAL } from './segments.ts';

export interface Chosen {
  /** Name of the row in focus; empty: all that the filter leaves. */
  of: string;
  /** Changes when other rows are chosen; rows that are new need not change it. */
  key: string;
  /** With those of the same two ends whose packets were lost. */
  rows: readonly Row[];
  /** Others of these ends, whose packets arrived: what is lost, or sent again, is told as a share of all that the ends sent each other. */
  others: readonly Row[];
  axis: Span;
  segment: string;
}

export interface Timeline {
  /** Undefined: as it was told last. `now`: the latest second. */
  columns(chosen: Chosen, now: number): TimeColumns | undefined;
}

export function createTimeline(history: History, marksIn: (span: Span) => Mark[]): Timeline {
  const cache = new Map<number, SecondFigures>();
  let cached = '';
  let last: { key: string; axis: Span; now: number } | undefined;

  function figures(chosen: Chosen, parts: readonly Second[]): Map<number, SecondFigures> {
    const uses = usesOf(chosen);
    const bySecond = new Map<number, SecondFigures>();
    for (const cells of parts) {
      const isPacked = history.packed(cells.second) !== undefined;
      const known = isPacked ? cache.get(cells.second) : undefined;
      const made = known ?? figuresOfSecond(cells, uses);
      if (isPacked) cache.set(cells.second, made);
      bySecond.set(cells.second, made);
    }
    return bySecond;
  }

  function forget(key: string): void {
    if (key !== cached) cache.clear();
    cached = key;
    for (const second of cache.keys()) if (second < history.heldFrom()) cache.delete(second);
  }

  return {
    columns(chosen, now) {
      const { axis } = chosen;
      const key = `${chosen.of}\n${chosen.key}\n${chosen.segment}`;
      // Of seconds that are packed nothing changes any more.
      const isOver = last !== undefined && last.now > axis.to + OPEN_SECONDS;
      if (last?.key === key && equalSpans(last.axis, axis) && (last.now === now || isOver)) return undefined;
      last = { key, axis, now };
      forget(key);
      return {
        ...columnsOf(chosen, figures(chosen, history.parts(axis))),
        segments: segmentColumns(chosen, history),
        marks: marksIn(axis),
      };
    },
  };
}

function usesOf({ rows, others, segment }: Chosen): Uses {
  const uses = new Uint8Array(
    [...rows, ...others].reduce((most, row) => Math.max(most, seriesOf(row, Series.again) + 1), 0),
  );
  const [chosenIn, queuesIn] = [chooserOf(segment), chooserOf('queue')];
  for (const row of rows) {
    for (const at of chosenIn(row.way)) uses[row.base + at] |= Use.time;
    for (const at of queuesIn(row.way)) uses[row.base + at] |= Use.queue;
    if (segment === TOTAL) uses[seriesOf(row, Series.total)] = Use.time;
    uses[seriesOf(row, Series.lost)] = Use.lost;
    uses[seriesOf(row, Series.bytes)] = Use.bytes;
  }
  for (const row of [...rows, ...others]) {
    uses[seriesOf(row, Series.joined)] = Use.joined;
    uses[seriesOf(row, Series.again)] = Use.again;
  }
  return uses;
}

const figureNames = [
  'n', 'p50Ns', 'p90Ns', 'p99Ns', 'queueP50Ns', 'queueP99Ns', 'joined', 'lost', 'bytes', 'again',
] as const; // prettier-ignore

function columnsOf(
  { of, rows, axis, segment }: Chosen,
  bySecond: ReadonlyMap<number, SecondFigures>,
): Omit<TimeColumns, 'marks' | 'segments'> {
  const length = lengthOf(axis);
  const figures = Object.fromEntries(
    figureNames.map((name) => [name, new Float64Array(length).fill(name.endsWith('Ns') ? NaN : 0)]),
  ) as Record<(typeof figureNames)[number], Float64Array>;
  const heat = new Float32Array(length * BANDS);
  for (const [second, one] of bySecond) {
    const at = second - axis.from;
    for (const name of figureNames) figures[name][at] = one[name];
    heat.set(one.bands, at * BANDS);
  }
  return { of, axis, segment, choices: segmentChoices(waysOf(rows), segment), ...figures, heat };
}

/** Ways of those that arrived, each twice at most: of all rows they could tell no more. */
function waysOf(rows: readonly Row[]): Way[] {
  const counts = new Map<Way, number>();
  for (const { way } of rows) if (!way.isLost) counts.set(way, (counts.get(way) ?? 0) + 1);
  return [...counts].flatMap(([way, count]) => (count > 1 ? [way, way] : [way]));
}

/** Of the path in focus, segment by segment. */
function segmentColumns({ of, rows, axis }: Chosen, history: History): SegmentColumns[] {
  const row = of === '' ? undefined : rows.find(({ shape }) => shape.name === of);
  if (!row) return [];
  const names = row.shape.segments.map(({ name }, at) => ({ name, place: segmentPlace(row.shape, at) }));
  const all = row.shape.isLost ? names : [...names, { name: 'total', place: '' }];
  // The total's series follows the segments'.
  const cells = history.parts(axis).map(({ second }) => ({
    at: second - axis.from,
    cells: history.cells(second, row.base, row.base + all.length),
  }));
  return all.map((named, index) => {
    const [p50Ns, p99Ns] = [0, 1].map(() => new Float64Array(lengthOf(axis)).fill(NaN));
    for (const { at, cells: some } of cells)
      [p50Ns[at], p99Ns[at]] = cellQuantiles(some, row.base + index, [0.5, 0.99]);
    return { ...named, p50Ns, p99Ns };
  });
}

export const timeBuffers = (time: TimeColumns | undefined): ArrayBuffer[] =>
  time
    ? [
        ...figureNames.map((name) => time[name].buffer as ArrayBuffer),
        time.heat.buffer as ArrayBuffer,
        ...time.segments.flatMap(({ p50Ns, p99Ns }) => [p50Ns.buffer as ArrayBuffer, p99Ns.buffer as ArrayBuffer]),
      ]
    : [];
