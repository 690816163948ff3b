/**
 * What is made of all rows: with each view while they are few, and of very many only every few seconds. That depends on how
 * many they are and not on the time it took, which would be another one each time.
 */
export interface Wanted {
  rows: number;
  /** Another one for what must not wait: other rows were chosen, or another span. */
  what: string;
  atMs: number;
}

export type Seldom<T> = (wanted: Wanted, make: () => T) => T;

/** So many are made with each view. */
export const FEW_ROWS = 5000;
/** 100,000 rows: every two seconds. */
const MS_PER_ROW = 0.02;

export function createSeldom<T>(): Seldom<T> {
  let made: { value: T; what: string; atMs: number } | undefined;
  return ({ rows, what, atMs }, make) => {
    const isFresh = made?.what === what && atMs >= made.atMs && atMs < made.atMs + rows * MS_PER_ROW;
    if (!made || rows <= FEW_ROWS || !isFresh) made = { value: make(), what, atMs };
    return made.value;
  };
}
