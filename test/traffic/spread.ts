/** What a client saw of its replies. */
export interface Spread {
  count: number;
  minimumMs: number | null;
  p50Ms: number | null;
  p99Ms: number | null;
  maximumMs: number | null;
}

/** Exact percentiles (nearest rank) of all values: a generator's runs are short and its rate is bounded. */
export function spread(valuesMs: number[]): Spread {
  const sorted = Float64Array.from(valuesMs).sort();
  const at = (share: number) => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    return value === undefined ? null : Math.round(value * 1e6) / 1e6;
  };
  return { count: sorted.length, minimumMs: at(0), p50Ms: at(0.5), p99Ms: at(0.99), maximumMs: at(1) };
}
