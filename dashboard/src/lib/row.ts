/** One row's figures, as the components take them, and what is said of them. */
import { formatNs, formatWire, round3 } from '../../../agent/trace/numbers.ts';
import type { RowShape } from '../worker/rows.ts';
import { exactNs } from './format.ts';

export interface Figures {
  joined: number;
  lost: number;
  /** Of what its ends sent each other by this protocol: what was lost this way, or at all where its packets arrived. */
  lossShare: number;
  p50Ns: number;
  p99Ns: number;
  /** p99 less that of as many seconds before; NaN where either is not known. What is not more than its bound is none. */
  changeNs: number;
  changeBoundNs: number;
  boundNs: number;
  bytesPerSecond: number;
  /** Mean of the inner bytes of a wire packet; NaN without a tunnel. */
  innerBytes: number;
  segmentP50Ns: Float64Array;
  segmentP99Ns: Float64Array;
}

/** A segment as readers point at it: `encap` of which node. */
export function segmentPlace(shape: RowShape, at: number): string {
  const [from, to] = [shape.hops[at].node, shape.hops[at + 1].node];
  return from === to ? from : `${from} ▸ ${to}`;
}

/** A time of this segment: between nodes no more is told than the clocks allow. */
export const segmentTime = (shape: RowShape, { boundNs }: Figures, at: number, timeNs: number): string =>
  shape.segments[at].isWire ? formatWire(timeNs, boundNs) : formatNs(timeNs);

/** Whether a bound of the clocks stands beside it. */
export const isBounded = ({ segments }: RowShape, { boundNs, segmentP50Ns }: Figures, at: number): boolean =>
  segments[at].isWire && boundNs > 0 && segmentP50Ns[at] > 0;

export function segmentTitle(shape: RowShape, { segmentP50Ns, segmentP99Ns }: Figures, at: number): string {
  const [p50, p99] = [segmentP50Ns[at], segmentP99Ns[at]].map(exactNs);
  return `${shape.segments[at].name}, ${segmentPlace(shape, at)}: p50 ${p50}, p99 ${p99}`;
}

/** vxlan +50 B (3.43 %); empty without a tunnel. */
export function tunnelText({ tunnel, tunnelBytes }: RowShape, { innerBytes }: Figures): string {
  if (tunnelBytes === 0) return '';
  const percent = Number.isNaN(innerBytes) ? '' : ` (${round3((100 * tunnelBytes) / innerBytes)} %)`;
  return `${tunnel} +${tunnelBytes} B${percent}`;
}
