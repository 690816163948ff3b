/** Numbers of series in blocks; a block that was given back serves again. */
export interface Blocks {
  take(size: number): number;
  give(base: number, size: number): void;
}

export function createBlocks(): Blocks {
  const free = new Map<number, number[]>();
  let next = 0;
  return {
    take(size) {
      const base = free.get(size)?.pop() ?? next;
      if (base === next) next += size;
      return base;
    },
    give(base, size) {
      const bases = free.get(size);
      if (bases) bases.push(base);
      else free.set(size, [base]);
    },
  };
}
