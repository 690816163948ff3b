/** Numbers of series in blocks; what was given back serves again. */
import { MAX_SERIES } from '../../../agent/histogram/cells.ts';

export interface Blocks {
  /** The first of so many; undefined where there are none left. */
  take(size: number): number | undefined;
  give(base: number, size: number): void;
}

export function createBlocks(most = MAX_SERIES): Blocks {
  let free = new Map<number, number[]>();
  let next = 0;
  /** None of that size or more is left, so nobody looks again. */
  let missing = Infinity;

  function put(base: number, size: number): void {
    const bases = free.get(size);
    if (bases) bases.push(base);
    else free.set(size, [base]);
  }

  /** Neighbours become one: blocks of other sizes may be wanted by now. */
  function join(): void {
    const blocks = [...free].flatMap(([size, bases]) => bases.map((base) => ({ base, size })));
    free = new Map();
    let last = { base: 0, size: 0 };
    for (const block of blocks.sort((a, b) => a.base - b.base)) {
      if (last.base + last.size === block.base) last.size += block.size;
      else {
        if (last.size > 0) put(last.base, last.size);
        last = block;
      }
    }
    if (last.size > 0) put(last.base, last.size);
  }

  /** Off one that is larger. */
  function split(size: number): number | undefined {
    for (const [larger, bases] of free) {
      if (larger < size || bases.length === 0) continue;
      const base = bases.pop()!;
      if (larger > size) put(base + size, larger - size);
      return base;
    }
    return undefined;
  }

  return {
    take(size) {
      const base = free.get(size)?.pop();
      if (base !== undefined) return base;
      if (size >= missing) return undefined;
      if (next + size > most) {
        join();
        const part = split(size);
        if (part === undefined) missing = size;
        return part;
      }
      next += size;
      return next - size;
    },
    give(base, size) {
      put(base, size);
      missing = Infinity;
    },
  };
}
