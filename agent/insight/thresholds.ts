/** When a change is one. Each must exceed the noise (share.ts, and what windows before differed among themselves) and these. */
import type { Disordered } from './figures.ts';

export type Symptom = 'slow' | 'loss' | 'fragmented' | 'resent' | Disordered;

/** Samples of a series in the window now, and in a slice before, below which nothing is compared. */
export const LEAST_NOW = 10;
export const LEAST_SLICE = 5;

/** A quantile of a window is worse when it is beyond the worst of the slices by both. */
export interface Slower {
  quantile: number;
  times: number;
  ns: number;
}

export const slower: readonly Slower[] = [
  { quantile: 0.5, times: 2, ns: 100_000 },
  { quantile: 0.95, times: 3, ns: 1_000_000 },
];

/** A share of packets is worse when it exceeds the floor and the share before by so many times. */
export const SHARE_TIMES = 3;
/** As long as fewer packets than this show it, nothing is said. */
export const LEAST_BAD = 5;
/** Packets before, of which a share is known. */
export const LEAST_BEFORE = 30;

export const shareFloor: Record<Exclude<Symptom, 'slow'>, number> = {
  loss: 0.001,
  fragmented: 0.001,
  duplicated: 0.005,
  retransmitted: 0.005,
  reordered: 0.02,
  resent: 0.02,
};

/** Seconds of the window now that must show it: what is over at once does not hurt. */
export const LEAST_SECONDS = 4;

/** What hurts more, for as many paths. */
export const severity: Record<Symptom, number> = {
  loss: 3,
  slow: 2,
  fragmented: 2,
  duplicated: 1,
  retransmitted: 1,
  reordered: 1,
  resent: 1,
};
