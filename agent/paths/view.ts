/** One assembled path as columns: reused for the next, so a visitor copies what it keeps. */
import { unnamed, type Ends } from '../names/name.ts';
import type { Cause } from './cause.ts';
import type { XdpAt } from './verdict.ts';
import type { Drop } from './drops.ts';
import type { LegsFrame } from './legs-frame.ts';
import type { SegmentName } from './segments.ts';
import type { KnownDevice, Stream } from './streams.ts';

export type Verdict = 'delivered' | 'handed' | 'dropped' | 'vanished' | 'unseen';

export interface PathView {
  identityLow: number;
  identityHigh: number;
  /** enum identity_kind of bpf/record.h. */
  kind: number;
  /** IPPROTO_* of the inner packet. */
  protocol: number;
  hopCount: number;
  /** By the names that were known when it was told. */
  ends: Ends;
  hasEntry: boolean;
  hasLast: boolean;
  ambiguous: boolean;
  verdict: Verdict;
  /** Where and why, of a packet that was dropped. */
  drop: Drop | undefined;
  /** Of a vanished packet: the XDP program that may have dropped it. */
  xdp: XdpAt | undefined;
  /**
   * By hop: where it was written, and the record's row there. A packet that was dropped before its first hop has none; its
   * addresses are those of the drop's record, which then stands where the first hop's would.
   */
  frames: LegsFrame[];
  rows: Uint32Array;
  streams: Stream[];
  /** Undefined when the device is not known (gone before we came). */
  devices: (KnownDevice | undefined)[];
  /** Whole nanoseconds since the first hop; NaN when unknown. */
  timesNs: Float64Array;
  /** By segment (one fewer than hops); NaN when unknown. */
  names: SegmentName[];
  durationsNs: Float64Array;
  boundsNs: Float64Array;
  relativeBoundsNs: Float64Array;
  /** What the segment did to order: bits of Disorderly (disorder.ts). */
  disorder: Uint8Array;
  totalNs: number;
  totalBoundNs: number;
  /** Largest over the hops: super-packets and single segments share no percentile. */
  wirePackets: number;
  /** enum tunnel; bytes that it adds to a wire packet, and the inner bytes of one wire packet. */
  tunnel: number;
  tunnelBytes: number;
  innerBytes: number;
  /** Of an ICMP error; null for others. */
  cause: Cause | null;
}

export const MAX_HOPS = 64;

export const createView = (): PathView => ({
  identityLow: 0, identityHigh: 0, kind: 0, protocol: 0, hopCount: 0, ends: unnamed(), hasEntry: false, hasLast: false,
  ambiguous: false, verdict: 'unseen', drop: undefined, xdp: undefined, frames: [], rows: new Uint32Array(MAX_HOPS), streams: [], devices: [],
  timesNs: new Float64Array(MAX_HOPS), names: [], durationsNs: new Float64Array(MAX_HOPS),
  boundsNs: new Float64Array(MAX_HOPS), relativeBoundsNs: new Float64Array(MAX_HOPS),
  disorder: new Uint8Array(MAX_HOPS), totalNs: NaN, totalBoundNs: NaN, wirePackets: 0, tunnel: 0, tunnelBytes: 0, innerBytes: 0,
  cause: null,
}); // prettier-ignore

/** A packet that was dropped before its first hop has none, but addresses. */
export const lastOf = (view: PathView): number => Math.max(0, view.hopCount - 1);

/** Index of a hop's flow within its frame's flow columns. */
export const flowAt = (view: PathView, hop: number): number => view.frames[hop].flow[view.rows[hop]];
