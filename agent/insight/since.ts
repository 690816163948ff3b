/** When it began: the moment that splits the seconds best into a share as before and a share as now. */
import type { Tally } from './element.ts';

export interface SecondTally extends Tally {
  second: number;
}

/** The first second of the worse time; `was` and `is` are the shares before and now. */
export function sinceWhen(tallies: readonly SecondTally[], was: number, is: number): number {
  const middle = (was + is) / 2;
  let sum = 0;
  let least = 0;
  let since = tallies[0]?.second ?? NaN;
  for (const { second, bad, of } of tallies) {
    sum += bad - middle * of;
    if (sum > least) continue;
    least = sum;
    since = second + 1;
  }
  return since;
}
