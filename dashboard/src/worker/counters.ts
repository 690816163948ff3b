/** The assembler counts since its beginning; the page speaks of a window: differences between seconds. */
import { newCounts, type Summary } from '../../../agent/paths/counting.ts';
import type { Counters } from './messages.ts';

export interface CounterHistory {
  note(second: number, summary: Summary): void;
  /** Counted between the end of that second and now. */
  since(second: number): Counters;
}

const none: Counters = { ...newCounts(), seen: 0, framesMissed: 0, recordsLost: 0 };
const names = Object.keys(none) as (keyof Counters)[];

const pick = (value: (name: keyof Counters) => number): Counters =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as unknown as Counters;

function countersOf(summary: Summary): Counters {
  const counted = { ...summary, ...summary.lostByNetwork };
  return pick((name) => counted[name]);
}

export function createCounterHistory(keptSeconds: number): CounterHistory {
  const points = new Map<number, Counters>();
  let latest = none;
  return {
    note(second, summary) {
      latest = countersOf(summary);
      points.set(second, latest);
      const oldest = points.keys().next().value!;
      if (oldest < second - keptSeconds) points.delete(oldest);
    },
    since(second) {
      const at = [...points.keys()].findLast((point) => point <= second);
      const from = at === undefined ? none : points.get(at)!;
      return pick((name) => latest[name] - from[name]);
    },
  };
}
