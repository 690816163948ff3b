/**
 * The list of paths: in which order rows stand, under which heads, and what the lines in sight show. The order stays for a
 * while: figures move all the time, rows should not.
 */
import { groupOf, lineAt, lineOf, sortIntoGroups, type Group, type Grouping, type InGroups } from '../lib/group.ts';
import { listRow, miniUnit, type Listed } from '../lib/list.ts';
import type { Scale } from '../lib/ruler.ts';
import { keepOrder, mostTelling, sortRows, type Sort } from '../lib/sort.ts';
import type { RowFigures } from './figures.ts';
import type { Row } from './rows.ts';

export interface ListChoices {
  sort: Sort;
  grouping: Grouping;
  scale: Scale;
}

export interface ListSight {
  /** Lines, the last one not included. */
  from: number;
  to: number;
  /** While somebody points at a row none of them moves. */
  isHeld: boolean;
}

export interface Cursor {
  id: number;
  name: string;
  line: number;
}

export interface ListView {
  paths: number;
  /** Paths, and heads of groups. */
  lines: number;
  /** On which line the first of those stands that are told. */
  from: number;
  told: (Listed | Group)[];
  /** Undefined: nowhere, or on a row that is not listed. */
  cursor: Cursor | undefined;
}

export interface Occasion {
  /** Rows are ordered anew when it changes. */
  what: string;
  atMs: number;
  /** Of the span, those that are held. */
  seconds: number;
  /** A span of the past: its order stays. */
  isFixed: boolean;
}

export interface PathList {
  choose(choices: ListChoices): void;
  see(sight: ListSight): void;
  /** Puts the cursor on a row. */
  point(id: number): void;
  move(by: number): void;
  /** These are listed. */
  arrange(rows: readonly Row[], figures: RowFigures, occasion: Occasion): void;
  view(): ListView;
  cursor(): Cursor | undefined;
  /** What is looked at before anybody chose. */
  first(): Row | undefined;
  rows(): readonly Row[];
}

const ORDER_MS = 5000;

/** Before that the first rows are those that happened to come first. */
const SETTLED_SECONDS = 12;

/** So many rows of all tell how long thin rulers become. */
const MEASURED_ROWS = 1024;

export function createPathList(): PathList {
  let choices: ListChoices = { sort: { by: 'p99', descending: true }, grouping: 'none', scale: 'sqrt' };
  let listed: InGroups<Row> = { order: [], heads: [] };
  /** The same rows, in that order. */
  let listedRows: ReadonlySet<Row> = new Set();
  let figures: RowFigures | undefined;
  let sight: ListSight = { from: 0, to: 60, isHeld: false };
  let cursor: Row | undefined;
  let first: Row | undefined;
  let orderedMs = -Infinity;
  let orderedFor = '';
  let unit = { scale: choices.scale, pixels: 0 };

  function isDue({ atMs, isFixed }: Occasion, wanted: string): boolean {
    return (
      wanted !== orderedFor || listed.order.length === 0 || (atMs - orderedMs > ORDER_MS && !sight.isHeld && !isFixed)
    );
  }

  function list(order: Row[]): void {
    listed = sortIntoGroups(order, choices.grouping);
    listedRows = new Set(listed.order);
  }

  function orderAnew(rows: readonly Row[], { atMs }: Occasion, wanted: string): void {
    list(sortRows(rows, choices.sort, (row, by) => figures!.one(row, by)));
    [orderedMs, orderedFor] = [atMs, wanted];
    unit = measureUnit();
  }

  function measureUnit(): typeof unit {
    const step = Math.ceil(listed.order.length / MEASURED_ROWS);
    const some = listed.order.filter((_, at) => at % step === 0);
    const { scale } = choices;
    const ways = some.map((row) => ({ segments: row.shape.segments, p50Ns: figures!.of(row).segmentP50Ns }));
    return { scale, pixels: miniUnit(ways, scale) };
  }

  function tell(line: number): Listed | Group {
    const at = lineAt(listed.heads, line);
    if ('row' in at) {
      const row = listed.order[at.row];
      return listRow(row.shape, figures!.of(row), choices.scale, unit.pixels);
    }
    const head = listed.heads[at.head];
    return groupOf(head, listed.order.slice(head.from, head.from + head.paths).map(figures!.sums));
  }

  function cursorNow(): Cursor | undefined {
    const place = cursor ? listed.order.indexOf(cursor) : -1;
    if (!cursor || place < 0) return undefined;
    return { id: cursor.shape.id, name: cursor.shape.name, line: lineOf(listed.heads, place) };
  }

  return {
    choose: (given) => void (choices = given),
    see: (given) => void (sight = given),
    point: (id) => void (cursor = listed.order.find(({ shape }) => shape.id === id)),
    move(by) {
      const now = cursor ? listed.order.indexOf(cursor) : -1;
      cursor = listed.order[Math.max(0, Math.min(listed.order.length - 1, now + by))];
    },
    arrange(rows, given, occasion) {
      figures = given;
      const { sort, grouping, scale } = choices;
      const wanted = `${occasion.what}\n${grouping} ${sort.by} ${sort.descending}`;
      const isNew = isDue(occasion, wanted);
      if (isNew) orderAnew(rows, occasion, wanted);
      else {
        const order = keepOrder(listedRows, rows);
        if (order) list(order);
        if (scale !== unit.scale) unit = measureUnit();
      }
      const isEarly = occasion.seconds < SETTLED_SECONDS;
      // A filter that leaves nothing takes nothing else in its place.
      const isHidden = first === undefined || (rows.length > 0 && !listedRows.has(first));
      if (isHidden || (isNew && isEarly)) first = mostTelling(rows, figures.joined) ?? first;
    },
    view() {
      const lines = listed.order.length + listed.heads.length;
      const from = Math.min(sight.from, lines);
      const told = Array.from({ length: Math.min(sight.to, lines) - from }, (_, at) => tell(from + at));
      return { paths: listed.order.length, lines, from, told, cursor: cursorNow() };
    },
    cursor: cursorNow,
    first: () => first,
    rows: () => listed.order,
  };
}
