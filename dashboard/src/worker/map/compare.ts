/** Several segments against their own normal, weighted by packets. */
import type { Standing } from '../../../../agent/insight/standings.ts';
import type { Compared } from './view.ts';

/** How the segments of a row stand: by its name and the segment. */
export type Standings = ReadonlyMap<string, Standing>;
export const standingKey = (lane: string, segment: number): string => `${segment} ${lane}`;

export interface Comparison {
  compared: number;
  slow: number;
  shared: number;
  /** Of those that are slow. */
  nowNs: number;
  normalNs: number;
}

export const newComparison = (): Comparison => ({ compared: 0, slow: 0, shared: 0, nowNs: 0, normalNs: 0 });

export function compare(sum: Comparison, packets: number, standing: Standing | undefined): void {
  if (!standing) return;
  sum.compared += packets;
  if (standing.isShared) sum.shared += packets;
  if (!standing.isSlow) return;
  sum.slow += packets;
  sum.nowNs += standing.nowNs * packets;
  sum.normalNs += standing.normalNs * packets;
}

export const comparedOf = ({ compared, slow, shared, nowNs, normalNs }: Comparison): Compared => ({
  compared, slow, shared, times: slow > 0 ? nowNs / Math.max(1, normalNs) : NaN,
}); // prettier-ignore
