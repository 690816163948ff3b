/** The assembler counts since its beginning; the page speaks of a window: differences between seconds. */
import type { Summary } from '../../../agent/paths/counting.ts';
import type { Counters } from './messages.ts';

export interface CounterHistory {
  note(second: number, summary: Summary): void;
  /** Counted between the end of that second and now. */
  since(second: number): Counters;
}

const names = [
  'seen', 'sampled', 'joined', 'joinable', 'joinableJoined', 'ambiguous', 'vanished', 'lostByUs', 'framesMissed', 'recordsLost',
] as const satisfies (keyof Counters)[]; // prettier-ignore

const countersOf = (summary: Summary): Counters => ({ ...summary, vanished: summary.lostByNetwork.vanished });

const difference = (to: Counters, from: Counters | undefined): Counters =>
  Object.fromEntries(names.map((name) => [name, to[name] - (from?.[name] ?? 0)])) as unknown as Counters;

export function createCounterHistory(keptSeconds: number): CounterHistory {
  const points = new Map<number, Counters>();
  let latest: Counters | undefined;
  return {
    note(second, summary) {
      latest = countersOf(summary);
      points.set(second, latest);
      const oldest = points.keys().next().value!;
      if (oldest < second - keptSeconds) points.delete(oldest);
    },
    since(second) {
      const from = [...points.keys()].findLast((point) => point <= second);
      return difference(latest ?? emptyCounters, from === undefined ? undefined : points.get(from));
    },
  };
}

export const emptyCounters: Counters = {
  seen: 0, sampled: 0, joined: 0, joinable: 0, joinableJoined: 0, ambiguous: 0, vanished: 0, lostByUs: 0, framesMissed: 0, recordsLost: 0,
}; // prettier-ignore
