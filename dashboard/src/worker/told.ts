/** What was said of each second as a whole, kept for those who look back at it. */
import type { Insight } from '../../../agent/insight/explain.ts';

export interface Told {
  /** What hurt then. */
  insight: Insight | undefined;
  clockBoundNs: number;
  exponent: number;
}

export interface ToldHistory {
  note(second: number, told: Told): void;
  /** What stood at the end of that second. */
  at(second: number): Told | undefined;
}

export function createToldHistory(keptSeconds: number): ToldHistory {
  const seconds = new Map<number, Told>();
  return {
    note(second, told) {
      seconds.set(second, told);
      const oldest = seconds.keys().next().value!;
      if (oldest < second - keptSeconds) seconds.delete(oldest);
    },
    at(second) {
      const latest = [...seconds.keys()].findLast((candidate) => candidate <= second);
      return latest === undefined ? undefined : seconds.get(latest);
    },
  };
}
