/**
 * From a node's CLOCK_MONOTONIC, which NTP slews, to its CLOCK_MONOTONIC_RAW, which nothing touches: piecewise linear
 * through the pairs that the agent samples. Both in nanoseconds since their epochs in the hello.
 */
export interface RawLine {
  /** Pairs in rising order; those not later than the last known are skipped. */
  add(pairs: readonly (readonly [number, number])[]): void;
  toRaw(monotonicNs: number): number;
}

/** Pairs come every 100 ms and times are asked for within seconds: 512 are about 50 s. */
const CAPACITY = 512;

export function createRawLine(): RawLine {
  const monotonic = new Float64Array(CAPACITY);
  const raw = new Float64Array(CAPACITY);
  let first = 0;
  let end = 0;

  /** Number of the pair that begins the piece for this time; the outermost pieces reach on. */
  function pieceOf(timeNs: number): number {
    let low = first;
    let high = end - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (monotonic[middle % CAPACITY] <= timeNs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return {
    add(pairs) {
      for (const [monotonicNs, rawNs] of pairs) {
        if (end > first && monotonicNs <= monotonic[(end - 1) % CAPACITY]) continue;
        monotonic[end % CAPACITY] = monotonicNs;
        raw[end % CAPACITY] = rawNs;
        end++;
        if (end - first > CAPACITY) first = end - CAPACITY;
      }
    },
    toRaw(timeNs) {
      if (end === first) return timeNs;
      if (end - first === 1) return raw[first % CAPACITY] + (timeNs - monotonic[first % CAPACITY]);
      const a = pieceOf(timeNs) % CAPACITY;
      const b = (a + 1) % CAPACITY;
      const slope = (raw[b] - raw[a]) / (monotonic[b] - monotonic[a]);
      return raw[a] + (timeNs - monotonic[a]) * slope;
    },
  };
}
