/**
 * Latency per segment for /metrics, in memory that the worker writes and the main thread reads. Few buckets, each twice
 * the one before: every bucket is a series in Prometheus.
 */
export interface SegmentHistograms {
  names: string[];
  /** Upper ends of the buckets in nanoseconds, inclusive, rising. */
  boundsNs: Float64Array;
  /** Values by bucket, not cumulative: one more than bounds, the last for what exceeds them. */
  counts(segment: number): Float64Array;
  sumNs(segment: number): number;
}

export interface SharedSegmentHistograms extends SegmentHistograms {
  /** To hand to the other thread, which makes the same of it with the same names. */
  memory: SharedArrayBuffer;
  observe(segment: number, valueNs: number): void;
}

const LOWEST_EXPONENT = 8;
const HIGHEST_EXPONENT = 34;
const BOUNDS = HIGHEST_EXPONENT - LOWEST_EXPONENT + 1;
/** Of one segment: its counts, then its sum. */
const VALUES = BOUNDS + 2;

/** 256 ns to 17 s. */
export const SEGMENT_BOUNDS_NS = Float64Array.from({ length: BOUNDS }, (_, i) => 2 ** (LOWEST_EXPONENT + i));

/** The first bucket whose bound is at least the value. */
function bucketOf(valueNs: number): number {
  if (valueNs <= 2 ** LOWEST_EXPONENT) return 0;
  if (valueNs > 2 ** HIGHEST_EXPONENT) return BOUNDS;
  const scaled = Math.ceil(valueNs / 2 ** LOWEST_EXPONENT);
  return 32 - Math.clz32(scaled - 1);
}

/** Histograms of these segments; over the other thread's memory when it is given. */
export function createSegmentHistograms(names: string[], memory?: SharedArrayBuffer): SharedSegmentHistograms {
  const shared = memory ?? new SharedArrayBuffer(names.length * VALUES * 8);
  const values = new Float64Array(shared, 0, names.length * VALUES);
  return {
    names,
    boundsNs: SEGMENT_BOUNDS_NS,
    memory: shared,
    counts: (segment) => values.subarray(segment * VALUES, segment * VALUES + BOUNDS + 1),
    sumNs: (segment) => values[segment * VALUES + BOUNDS + 1],
    observe: (segment, valueNs) => {
      const base = segment * VALUES;
      values[base + bucketOf(valueNs)] += 1;
      values[base + BOUNDS + 1] += valueNs;
    },
  };
}
