/** What was said of a second as a whole. */
import type { Insight } from '../../../agent/insight/explain.ts';
import type { NodeHealth } from './health.ts';

export interface Told {
  /** What hurt then. */
  insight: Insight | undefined;
  /** Largest of the bounds of all nodes; NaN unknown. */
  clockBoundNs: number;
  /** Highest exponent of TCP marks in force. */
  exponent: number;
}

export const nothingTold: Told = { insight: undefined, clockBoundNs: NaN, exponent: 0 };

export function tellOf(nodes: readonly NodeHealth[], insight: Insight): Told {
  const bounds = nodes.map((node) => node.boundNs);
  return {
    insight,
    clockBoundNs: bounds.some(Number.isNaN) ? NaN : Math.max(0, ...bounds),
    exponent: Math.max(0, ...nodes.map((node) => node.exponent)),
  };
}
