/** Cells of many tallies in two typed columns: each tally's stand together, in a block whose size is a power of two. */

/** No block, and the end of a list of them. */
const NONE = -1;
const FIRST_CELLS = 1024;
const LEAST_BITS = 1;
/** CELLS_PER_SERIES is the most that one tally can have. */
const MOST_BITS = 11;

export interface CellPool {
  /** Others after each `take`. */
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
  /** Where a block for so many cells begins. */
  take(cells: number): number;
  give(block: number, cells: number): void;
  clear(): void;
}

/** Size of the block, as a power of two. */
const bitsOf = (cells: number): number => Math.max(LEAST_BITS, 32 - Math.clz32(cells - 1));

/** Whether one more cell, or one less, wants another block. */
export const isOtherBlock = (cells: number, others: number): boolean => bitsOf(cells) !== bitsOf(others);

export function createCellPool(): CellPool {
  /** First free block of each size; its first count tells the next one. */
  const free = new Int32Array(MOST_BITS + 1).fill(NONE);
  let end = 0;

  const pool = {
    buckets: new Uint16Array(FIRST_CELLS),
    counts: new Float64Array(FIRST_CELLS),
    take(cells: number): number {
      const bits = bitsOf(cells);
      const block = free[bits];
      if (block !== NONE) {
        free[bits] = pool.counts[block];
        return block;
      }
      end += 1 << bits;
      if (end > pool.counts.length) grow();
      return end - (1 << bits);
    },
    give(block: number, cells: number): void {
      const bits = bitsOf(cells);
      pool.counts[block] = free[bits];
      free[bits] = block;
    },
    clear(): void {
      free.fill(NONE);
      end = 0;
      pool.buckets = new Uint16Array(FIRST_CELLS);
      pool.counts = new Float64Array(FIRST_CELLS);
    },
  };

  /** By half: of many cells twice as many would be much for nothing. */
  function grow(): void {
    const length = Math.max(end, Math.ceil(pool.counts.length * 1.5));
    pool.buckets = copyOf(pool.buckets, new Uint16Array(length));
    pool.counts = copyOf(pool.counts, new Float64Array(length));
  }

  return pool;
}

export function copyOf<T extends Uint16Array | Uint32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
