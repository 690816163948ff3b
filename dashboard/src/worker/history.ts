/**
 * The last minutes, second by second. A path is told up to some seconds after its packet, so the newest seconds stay
 * open; older ones are packed. Memory is bounded by bytes first, by time second.
 */
import { addCell, createCells, sortCells, type CellTable, type Cells } from '../../../agent/histogram/cells.ts';

export interface Second extends Cells {
  /** Seconds of the wall clock. */
  second: number;
}

export interface History {
  add(second: number, key: number, weight: number): void;
  /** Packs what no path will be told of any more, and forgets what is too old or too much; gives what it forgot. */
  turn(nowSecond: number): void;
  /** Packed and open ones in order, as they are now. */
  seconds(): Second[];
  /** One packed second. */
  packed(second: number): Second | undefined;
}

/** Verdicts come five seconds after a packet, and its node's status a second later. */
export const OPEN_SECONDS = 8;
const CELL_BYTES = 12;

export function createHistory(keptSeconds: number, maxBytes: number): History {
  const open = new Map<number, CellTable>();
  const packed = new Map<number, Second>();
  let bytes = 0;
  let oldestOpen = -Infinity;

  function forgetOldest(): void {
    const [second, cells] = packed.entries().next().value!;
    bytes -= cells.keys.length * CELL_BYTES;
    packed.delete(second);
  }

  return {
    add(second, key, weight) {
      // What comes later than anything should still counts, in the oldest second that can take it.
      const at = Math.max(second, oldestOpen);
      let table = open.get(at);
      if (!table) open.set(at, (table = createCells()));
      addCell(table, key, weight);
    },
    turn(nowSecond) {
      oldestOpen = nowSecond - OPEN_SECONDS;
      const ripe = [...open.keys()].filter((second) => second < oldestOpen).sort((a, b) => a - b);
      for (const second of ripe) {
        const cells = sortCells(open.get(second)!);
        open.delete(second);
        packed.set(second, { second, ...cells });
        bytes += cells.keys.length * CELL_BYTES;
      }
      while (packed.size > 0 && (bytes > maxBytes || packed.keys().next().value! < nowSecond - keptSeconds))
        forgetOldest();
    },
    seconds() {
      const unfinished = [...open].map(([second, table]) => ({ second, ...sortCells(table) }));
      return [...packed.values(), ...unfinished.sort((a, b) => a.second - b.second)];
    },
    packed: (second) => packed.get(second),
  };
}
