/**
 * What the sentence is computed from: lanes, and what passed them, second by second.
 *
 * A lane is packets of one path that take one way: the page's row, the terminal's group. What did not arrive makes lanes of
 * its own, which end where it was lost. A lane's figures are series of cells (agent/histogram/cells.ts).
 */
import type { Cells } from '../histogram/cells.ts';
import type { SegmentName } from '../paths/segments.ts';
import type { HopDirection } from '../paths/words.ts';
import type { DeviceKind } from '../wire/messages.ts';

export interface LaneHop {
  node: string;
  device: string;
  kind: DeviceKind;
  direction: HopDirection;
}

export interface LaneWay {
  /** Who to whom, as the sender addressed it: lanes of one path share this. */
  path: string;
  source: string;
  /** Both directions of a Service's conversations share this; empty where nobody can tell which end serves. */
  service: string;
  hops: LaneHop[];
  segments: SegmentName[];
  /** Of packets that did not arrive: what became of them, in words. */
  loss: string;
  /** Fragments, and what in the way cut their packet up: the first hop that saw them. */
  isFragment: boolean;
  /** What the reader calls it. */
  name: string;
}

export interface Lane extends LaneWay {
  /** First of its series. */
  base: number;
  /** By how much a time across nodes may have moved of itself (agent/paths/DESIGN.md); NaN unknown. */
  relativeBoundNs: number;
  lastSecond: number;
}

/** Series of a lane: times of each segment, counts of each segment, counts of the whole. */
export const timesOf = (lane: Lane, segment: number): number => lane.base + segment;
export const countsOf = (lane: Lane, segment: number): number => lane.base + lane.segments.length + segment;
export const wholeOf = (lane: Lane): number => lane.base + 2 * lane.segments.length;
export const seriesCount = (segments: number): number => 2 * segments + 1;

/** Buckets of a segment's counts. */
export const Count = { reordered: 0, duplicated: 1, retransmitted: 2 } as const;
export type Disordered = keyof typeof Count;
/** Buckets of the whole lane's. */
export const Whole = { packets: 0, resent: 1 } as const;

export interface Second extends Cells {
  second: number;
}

export interface NodeFigures {
  name: string;
  isUp: boolean;
  /** Since when it is as it is; wall milliseconds. */
  sinceMs: number;
}

/** Counted in about the window now. */
export interface Coverage {
  joinable: number;
  joinableJoined: number;
  sampled: number;
  lostByUs: number;
}

export interface Figures {
  lanes: readonly Lane[];
  /** The window now. Of times all has been told; what was lost is known later, so its window lies further back. */
  now: Cells;
  nowSettled: Cells;
  /** The window before: slices as long as the one now, so that it says how much windows differ of themselves. */
  before: readonly Cells[];
  /** All slices as one. */
  past: Cells;
  /** Slices that are wanted before anything is said. */
  wanted: number;
  /** In order, as far back as the beginning of a change is looked for. */
  recent: () => Second[];
  nodes: readonly NodeFigures[];
  coverage: Coverage;
  /** Packets in the window now that found no lane: there are too many. */
  unwatched: number;
}
