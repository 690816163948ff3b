/** The assembler counts since its beginning; the page speaks of a span: differences between seconds. */
import { newCounts, type Summary } from '../../../agent/paths/counting.ts';
import { createBySecond } from './by-second.ts';
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
  const seconds = createBySecond<Counters>(keptSeconds);
  return {
    note: (second, summary) => seconds.note(second, countersOf(summary)),
    between(from, to) {
      const [before, after] = [from, to].map((second) => seconds.at(second) ?? none);
      // An agent that starts again counts anew.
      return pick((name) => Math.max(0, after[name] - before[name]));
    },
  };
}
