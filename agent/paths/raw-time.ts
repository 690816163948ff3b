/**
 * From a node's CLOCK_MONOTONIC, which NTP slews, to its CLOCK_MONOTONIC_RAW, which nothing touches: piecewise linear
 * through the pairs that the agent samples. Both in nanoseconds since their epochs in the hello.
 *
 * Where the rate of slewing changes within a piece nobody knows when: it may have run like the piece before, then like
 * the one behind. How far that can be from the chord is the error told with every time.
 */
import type { ClockPair } from '../wire/messages.ts';

export interface RawLine {
  /** Pairs in rising order; those not later than the last known are skipped. */
  add(pairs: readonly ClockPair[]): void;
  toRaw(monotonicNs: number): number;
  /** By how much that can be wrong; 0 for a node that sends no pairs, for then it is not slewed as far as anybody says. */
  errorNs(monotonicNs: number): number;
}

/** Pairs come every 100 ms and times are asked for within seconds: 512 are about 50 s. */
const CAPACITY = 512;
/** The most that chrony and adjtimex slew: what is not between two pairs may have been slewed so. */
const MAX_SLEW = 0.1;

export function createRawLine(): RawLine {
  const monotonic = new Float64Array(CAPACITY);
  const raw = new Float64Array(CAPACITY);
  /** By pair: how far its two readings may be apart. By piece, at the pair that begins it: how far off its chord. */
  const within = new Float64Array(CAPACITY);
  const bulge = new Float64Array(CAPACITY);
  let first = 0;
  let end = 0;
  let piece = 0;

  /** Number of the pair that begins the piece for this time; the outermost pieces reach on. */
  function pieceOf(timeNs: number): number {
    if (covers(piece, timeNs)) return piece;
    let low = first;
    let high = end - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (monotonic[middle % CAPACITY] <= timeNs) low = middle;
      else high = middle - 1;
    }
    return (piece = low);
  }

  /** Most times that are asked for lie where the last one lay. */
  const covers = (number: number, timeNs: number): boolean =>
    number >= first && number < end - 1 &&
    monotonic[number % CAPACITY] <= timeNs && timeNs < monotonic[(number + 1) % CAPACITY]; // prettier-ignore

  const lengthOf = (number: number): number => monotonic[(number + 1) % CAPACITY] - monotonic[number % CAPACITY];
  const rateOf = (number: number): number => (raw[(number + 1) % CAPACITY] - raw[number % CAPACITY]) / lengthOf(number);

  function append([monotonicNs, rawNs, withinNs = 0]: ClockPair): void {
    if (end > first && monotonicNs <= monotonic[(end - 1) % CAPACITY]) return;
    monotonic[end % CAPACITY] = monotonicNs;
    raw[end % CAPACITY] = rawNs;
    within[end % CAPACITY] = withinNs;
    end++;
    if (end - first > CAPACITY) first = end - CAPACITY;
    for (let number = Math.max(first, end - 3); number < end - 1; number++) bulge[number % CAPACITY] = bulgeOf(number);
  }

  /**
   * From one rate to the other, the corner is off the chord by at most a quarter of their difference. Twice that is taken:
   * the rate may have changed and changed back, and the readings blur the rates.
   */
  function bulgeOf(number: number): number {
    const rate = rateOf(number);
    const before = number > first ? rateOf(number - 1) : rate;
    const behind = number + 2 < end ? rateOf(number + 1) : rate;
    const least = Math.min(before, rate, behind);
    const most = Math.max(before, rate, behind);
    return ((most - least) / 2) * lengthOf(number);
  }

  return {
    add(pairs) {
      for (const pair of pairs) append(pair);
    },
    toRaw(timeNs) {
      if (end === first) return timeNs;
      if (end - first === 1) return raw[first % CAPACITY] + (timeNs - monotonic[first % CAPACITY]);
      const number = pieceOf(timeNs);
      return raw[number % CAPACITY] + (timeNs - monotonic[number % CAPACITY]) * rateOf(number);
    },
    errorNs(timeNs) {
      if (end === first) return 0;
      const number = end - first === 1 ? first : pieceOf(timeNs);
      const beyond = Math.max(monotonic[number % CAPACITY] - timeNs, timeNs - monotonic[Math.min(number + 1, end - 1) % CAPACITY], 0); // prettier-ignore
      const reading = Math.max(within[number % CAPACITY], within[Math.min(number + 1, end - 1) % CAPACITY]);
      const corner = end - first === 1 ? 0 : bulge[number % CAPACITY];
      return reading + corner + beyond * MAX_SLEW;
    },
  };
}
