/** Which rows of a long list are drawn: those in the window, and some around them, which scrolling reaches first. */
export interface Sight {
  from: number;
  to: number;
}

const AROUND = 8;

/** @param topPx where the list begins, below the window's upper edge */
export function sightOf(count: number, topPx: number, rowPx: number, windowPx: number): Sight {
  const within = (row: number): number => Math.max(0, Math.min(count, row));
  return {
    from: within(Math.floor(-topPx / rowPx) - AROUND),
    to: within(Math.ceil((windowPx - topPx) / rowPx) + AROUND),
  };
}

/** Asked for at once, so that scrolling meets lines that are there. */
const MORE = 32;

export const widen = ({ from, to }: Sight): Sight => ({ from: Math.max(0, from - MORE), to: to + MORE });

export const covers = (asked: Sight, sight: Sight): boolean => asked.from <= sight.from && asked.to >= sight.to;

/** How far to scroll so that a row lies between the edges: as little as will do. */
export function scrollTo(row: number, topPx: number, rowPx: number, upperPx: number, lowerPx: number): number {
  const y = topPx + row * rowPx;
  if (y < upperPx) return y - upperPx;
  return Math.max(0, y + rowPx - lowerPx);
}
