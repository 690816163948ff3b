/** Work in several labs, one after the other: while the verdicts of one are waited for, the next one is at work. */
import { deferred } from '../../agent/daemon/deferred.ts';

export interface Turn {
  /** All has been sent: what is still waited for leaves the machine to the next one. */
  done: () => void;
  /** Runs work once all are done, one at a time: what is made again has the machine for itself. */
  again: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Ends when all have ended, whatever becomes of one. */
export async function inTurn<Lab, Result>(
  labs: Lab[],
  work: (lab: Lab, turn: Turn) => Promise<Result>,
): Promise<Result[]> {
  const turns = labs.map(() => deferred<void>());
  let last: Promise<unknown> = Promise.all(turns.map(({ promise }) => promise));
  const again = <T>(more: () => Promise<T>): Promise<T> => {
    const result = last.then(more);
    last = result.catch(() => undefined);
    return result;
  };
  const results = labs.map(async (lab, place) => {
    const done = turns[place].resolve;
    await turns[place - 1]?.promise;
    return await work(lab, { done, again }).finally(done);
  });
  await Promise.allSettled(results);
  return Promise.all(results);
}
