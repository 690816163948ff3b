/** One row's figures, as the components take them. */
import type { RowColumns } from '../worker/messages.ts';
import type { RowShape } from '../worker/rows.ts';

export interface Figures {
  joined: number;
  lost: number;
  p50Ns: number;
  p99Ns: number;
  boundNs: number;
  bytesPerSecond: number;
  /** Mean of the inner bytes of a wire packet; NaN without a tunnel. */
  innerBytes: number;
  segmentP50Ns: Float64Array;
  segmentP99Ns: Float64Array;
}

export function figuresOf(rows: RowColumns, at: number, shape: RowShape): Figures {
  const from = rows.firstSegment[at];
  const to = from + shape.segments.length;
  return {
    joined: rows.joined[at],
    lost: rows.lost[at],
    p50Ns: rows.p50Ns[at],
    p99Ns: rows.p99Ns[at],
    boundNs: rows.boundNs[at],
    bytesPerSecond: rows.bytesPerSecond[at],
    innerBytes: rows.innerBytes[at],
    segmentP50Ns: rows.segmentP50Ns.subarray(from, to),
    segmentP99Ns: rows.segmentP99Ns.subarray(from, to),
  };
}

/** A segment as readers point at it: `encap` of which node. */
export function segmentPlace(shape: RowShape, at: number): string {
  const [from, to] = [shape.hops[at].node, shape.hops[at + 1].node];
  return from === to ? from : `${from} ▸ ${to}`;
}
