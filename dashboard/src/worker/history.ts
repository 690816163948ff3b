/**
 * The last minutes, second by second. A path is told up to some seconds after its packet, so the newest seconds stay
 * open; older ones are packed. Memory is bounded by bytes first, by time second.
 */
import { addCell, createCells, sortCells, type CellTable, type Cells } from '../../../agent/histogram/cells.ts';
import { isIn, type Span } from '../lib/span.ts';

export interface Second extends Cells {
  /** Seconds of the wall clock. */
  second: number;
}

export interface History {
  /** Gives the second in which it counts. */
  add(second: number, key: number, weight: number): number;
  /** Packs what no path will be told of any more, and forgets what is too old or too much; gives what it forgot. */
  turn(nowSecond: number): Second[];
  /** Packed and open ones in order, as they are now. */
  seconds(span?: Span): Second[];
  /** The same to be added up: the cells of open ones stand in no order, with empty ones among them. */
  parts(span: Span): Second[];
  /** What a second holds of some series, of others too where it is packed. */
  cells(second: number, series: number, to: number): Cells;
  /** One packed second. */
  packed(second: number): Second | undefined;
  /** The first second that has not been forgotten; -Infinity while none was. */
  heldFrom(): number;
}

/** Verdicts come five seconds after a packet, and its node's status a second later. */
export const OPEN_SECONDS = 8;
const CELL_BYTES = 12;
const NO_CELLS: Cells = { keys: new Uint32Array(), counts: new Float64Array() };
const ALWAYS: Span = { from: -Infinity, to: Infinity };

export function createHistory(keptSeconds: number, maxBytes: number): History {
  const open = new Map<number, CellTable>();
  const packed = new Map<number, Second>();
  let bytes = 0;
  let oldestOpen = -Infinity;
  let heldFrom = -Infinity;

  function forgetOldest(): Second {
    const [second, cells] = packed.entries().next().value!;
    bytes -= cells.keys.length * CELL_BYTES;
    packed.delete(second);
    heldFrom = second + 1;
    return cells;
  }

  function pack(nowSecond: number): void {
    oldestOpen = nowSecond - OPEN_SECONDS;
    const ripe = [...open.keys()].filter((second) => second < oldestOpen).sort((a, b) => a - b);
    for (const second of ripe) {
      const cells = sortCells(open.get(second)!);
      open.delete(second);
      packed.set(second, { second, ...cells });
      bytes += cells.keys.length * CELL_BYTES;
    }
  }

  function within(span: Span, cellsOf: (table: CellTable) => Cells): Second[] {
    const unfinished = [...open].filter(([second]) => isIn(second, span)).sort(([a], [b]) => a - b);
    return [
      ...[...packed.values()].filter(({ second }) => isIn(second, span)),
      ...unfinished.map(([second, table]) => {
        const { keys, counts } = cellsOf(table);
        return { second, keys, counts };
      }),
    ];
  }

  return {
    add(second, key, weight) {
      // What comes later than anything should still counts, in the oldest second that can take it.
      const at = Math.max(second, oldestOpen);
      let table = open.get(at);
      if (!table) open.set(at, (table = createCells()));
      addCell(table, key, weight);
      return at;
    },
    turn(nowSecond) {
      pack(nowSecond);
      const forgotten: Second[] = [];
      const isTooOld = (): boolean => packed.keys().next().value! < nowSecond - keptSeconds;
      while (packed.size > 0 && (bytes > maxBytes || isTooOld())) forgotten.push(forgetOldest());
      return forgotten;
    },
    seconds: (span = ALWAYS) => within(span, (table) => sortCells(table)),
    parts: (span) => within(span, (table) => table),
    cells(second, series, to) {
      const table = open.get(second);
      return packed.get(second) ?? (table ? sortCells(table, series, to) : NO_CELLS);
    },
    packed: (second) => packed.get(second),
    heldFrom: () => heldFrom,
  };
}
