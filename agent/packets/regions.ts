/** What a packet is kept for: its octave of latency, or these. */
export const LOST = 254;
const UNKNOWN = 253;
const MOST_OCTAVE = 42;

export const octaveOf = (totalNs: number): number =>
  Number.isNaN(totalNs) ? UNKNOWN : Math.min(MOST_OCTAVE, Math.floor(Math.log2(Math.max(1, totalNs))));

/** An unknown time comes behind all others. */
export const slownessOf = (totalNs: number): number => (Number.isNaN(totalNs) ? -Infinity : totalNs);

export const isSlower = (a: number, b: number): boolean => slownessOf(a) > slownessOf(b);
