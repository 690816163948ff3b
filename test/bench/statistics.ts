/** What is said of repeated measurements: medians and quartiles, for the slowest rounds are somebody else's. */

export interface Spread {
  median: number;
  lowerQuartile: number;
  upperQuartile: number;
}

/** Linear between neighbours, as R and numpy do by default. `sorted` rises and is not empty. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const rest = place - below;
  if (rest === 0) return sorted[below];
  return sorted[below] + rest * (sorted[below + 1] - sorted[below]);
}

/** @throws RangeError where there is nothing to tell of, or a value is no number */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no measurement');
  if (!values.every(Number.isFinite)) throw new RangeError(`a measurement is no number: ${values.join(', ')}`);
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  };
}

/** A B B A A B B A ...: what rises or falls steadily over the rounds falls on both alike. */
export function interleave<T>(a: T, b: T, pairs: number): T[] {
  return Array.from({ length: pairs }, (_, pair) => (pair % 2 === 0 ? [a, b] : [b, a])).flat();
}

/** By how many percent `b` is more than `a`, pair by pair of neighbouring rounds. */
export function percentMore(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`${a.length} and ${b.length} rounds are no pairs`);
  return a.map((value, pair) => (b[pair] / value - 1) * 100);
}
