import { expect, test } from 'vitest';
import type { Summary } from '../../../agent/paths/counting.ts';
import { createCounterHistory } from './counters.ts';

/** What of it is counted here. */
const summary = (count: number, undecided: number): Summary =>
  ({
    seen: 2 * count,
    sampled: count,
    joined: count,
    joinable: count,
    joinableJoined: count,
    ambiguous: 0,
    lostByNetwork: { dropped: 2, vanished: count },
    lostByUs: 0,
    undecided,
    framesMissed: 0,
    recordsLost: 0,
  }) as Summary;

test('a span tells what was counted in it, and all of it where it began before us', () => {
  const history = createCounterHistory(60);
  expect(history.between(0, 10)).toMatchObject({ seen: 0, undecided: 0 });
  history.note(10, summary(100, 1));
  history.note(12, summary(150, 4));
  history.note(13, summary(170, 4));
  expect(history.between(9, 12)).toMatchObject({ seen: 300, sampled: 150, dropped: 2, undecided: 4 });
  expect(history.between(11, 12)).toMatchObject({ seen: 100, dropped: 0, vanished: 50, undecided: 3 });
  expect(history.between(12, 99)).toMatchObject({ sampled: 20 });
});
