/**
 * Covering arrays: few cells in which nevertheless every combination of levels of any two (or `strength`) factors occurs.
 * Greedy and seeded: equal arguments give equal cells.
 */

export type Factors = Record<string, readonly string[]>;
export type Cell<F extends Factors> = { [Name in keyof F]: F[Name][number] };

export interface CoveringOptions {
  /** How many factors' combinations are covered (2). */
  strength?: number;
  seed?: number;
  /** Whether levels may stand together; asked of cells that are filled in part. The first level of each factor goes with all. */
  isPossible?: (partial: Record<string, string>) => boolean;
}

/** Cells that are tried for each that is taken. */
const CANDIDATES = 12;

export function coveringArray<F extends Factors>(factors: F, options: CoveringOptions = {}): Cell<F>[] {
  const { strength = 2, seed = 1, isPossible = () => true } = options;
  const random = createRandom(seed);
  const missing = new Map(combinations(factors, strength).filter((each) => isPossible(each)).map((each) => [keyOf(each), each])); // prettier-ignore
  const cells: Cell<F>[] = [];
  while (missing.size > 0) {
    const [first] = missing.values();
    const tried = Array.from({ length: CANDIDATES }, () =>
      complete(factors, first, missing, strength, isPossible, random),
    );
    const gains = tried.map((cell) =>
      isPossible(cell) ? coveredBy(cell, strength).filter((key) => missing.has(key)) : [],
    );
    const best = gains.reduce((most, gain, i) => (gain.length > gains[most].length ? i : most), 0);
    if (gains[best].length === 0) throw new Error(`${keyOf(first)} is possible, and no cell can hold it`);
    for (const key of gains[best]) missing.delete(key);
    cells.push(tried[best] as Cell<F>);
  }
  return cells;
}

/** Equal for equal choices. */
const keyOf = (levels: Record<string, string>): string =>
  Object.keys(levels).sort().map((name) => `${name}=${levels[name]}`).join(' '); // prettier-ignore

/** All choices of levels of any so many factors. */
export function combinations(factors: Factors, strength: number): Record<string, string>[] {
  const names = Object.keys(factors);
  return choose(names, strength).flatMap((chosen) =>
    chosen.reduce<Record<string, string>[]>(
      (partial, name) => partial.flatMap((each) => factors[name].map((level) => ({ ...each, [name]: level }))),
      [{}],
    ),
  );
}

function choose(names: string[], count: number): string[][] {
  if (count === 0) return [[]];
  return names.flatMap((name, i) => choose(names.slice(i + 1), count - 1).map((rest) => [name, ...rest]));
}

const coveredBy = (cell: Record<string, string>, strength: number): string[] =>
  choose(Object.keys(cell), strength).map((names) =>
    keyOf(Object.fromEntries(names.map((name) => [name, cell[name]]))),
  );

type Random = () => number;

/** Fills the other factors in random order, each with the level that covers most of what is missing. */
function complete(
  factors: Factors,
  given: Record<string, string>,
  missing: ReadonlyMap<string, unknown>,
  strength: number,
  isPossible: (partial: Record<string, string>) => boolean,
  random: Random,
): Record<string, string> {
  let cell = { ...given };
  for (const name of shuffled(Object.keys(factors).filter((each) => !(each in given)), random)) {
    let best = { cell: { ...cell, [name]: factors[name][0] }, gain: -1 };
    for (const level of shuffled(factors[name], random)) {
      const next = { ...cell, [name]: level };
      const gain = isPossible(next) ? gainOf(next, name, missing, strength) : -1;
      if (gain > best.gain) best = { cell: next, gain };
    }
    cell = best.cell;
  }
  return cell;
} // prettier-ignore

/** Missing combinations that a new level brings. */
function gainOf(cell: Record<string, string>, name: string, missing: ReadonlyMap<string, unknown>, strength: number): number {
  const others = Object.keys(cell).filter((each) => each !== name);
  const brought = choose(others, strength - 1).map((names) => [...names, name]);
  return brought.filter((names) => missing.has(keyOf(Object.fromEntries(names.map((each) => [each, cell[each]]))))).length;
} // prettier-ignore

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

/** Numbers from 0 to 1 (mulberry32). */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
