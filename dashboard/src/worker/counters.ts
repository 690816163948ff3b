/** The assembler counts since its beginning; the page speaks of a span: differences between seconds. */
import { newCounts, type Summary } from '../../../agent/paths/counting.ts';
import type { Counters } from './messages.ts';

export interface CounterHistory {
  note(second: number, summary: Summary): void;
  /** Counted between the ends of two seconds. */
  between(from: number, to: number): Counters;
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

  const at = (second: number): Counters => {
    const point = [...points.keys()].findLast((candidate) => candidate <= second);
    return point === undefined ? none : points.get(point)!;
  };

  return {
    note(second, summary) {
      points.set(second, countersOf(summary));
      const oldest = points.keys().next().value!;
      if (oldest < second - keptSeconds) points.delete(oldest);
    },
    between(from, to) {
      const [before, after] = [at(from), at(to)];
      // An agent that starts again counts anew.
      return pick((name) => Math.max(0, after[name] - before[name]));
    },
  };
}
