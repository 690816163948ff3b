/** Entries in typed columns, the free ones linked; grows by doubling up to its limit and never beyond. */

/** No entry. */
export const NONE = -1;

type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

const columns = (table: object): Column[] => Object.values(table) as Column[];

export const bytesOf = (table: object): number => columns(table).reduce((all, column) => all + column.byteLength, 0);

export interface Arena<T> {
  /** Another object after each growth. */
  table: T;
  used: number;
  readonly most: number;
  /** There must be room. */
  take(): number;
  give(entry: number): void;
  /** What is allocated. */
  bytes(): number;
}

/** @param make columns of a length; `next` links free entries, and is the owner's while they are taken */
export function createArena<T extends { next: Int32Array }>(
  make: (length: number) => T,
  first: number,
  most: number,
): Arena<T> {
  let length = 0;
  let free = NONE;

  function grow(): void {
    const from = length;
    length = Math.min(most, Math.max(first, length * 2));
    const table = make(length);
    const into = columns(table);
    columns(arena.table).forEach((column, at) => into[at].set(column));
    arena.table = table;
    for (let entry = from; entry < length; entry++) table.next[entry] = entry + 1 < length ? entry + 1 : NONE;
    free = from;
  }

  const arena: Arena<T> = {
    table: make(0),
    used: 0,
    most,
    take() {
      if (free === NONE) grow();
      const entry = free;
      free = arena.table.next[entry];
      arena.used++;
      return entry;
    },
    give(entry) {
      arena.table.next[entry] = free;
      free = entry;
      arena.used--;
    },
    bytes: () => bytesOf(arena.table),
  };
  return arena;
}
