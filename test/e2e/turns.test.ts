import { expect, test } from 'vitest';
import { deferred } from '../../agent/daemon/deferred.ts';
import { inTurn } from './turns.ts';

test('the next one begins when one is done, and what is made again comes behind all, one at a time', async () => {
  const events: string[] = [];
  const verdicts = deferred<void>();
  const results = await inTurn(['a', 'b', 'c'], async (lab, { done, again }) => {
    events.push(`${lab} begins`);
    done();
    if (lab === 'c') verdicts.resolve();
    await verdicts.promise;
    return again(async () => {
      events.push(`${lab} again`);
      await Promise.resolve();
      events.push(`${lab} ends`);
      return lab.toUpperCase();
    });
  });
  expect(results).toEqual(['A', 'B', 'C']);
  expect(events.slice(0, 3)).toEqual(['a begins', 'b begins', 'c begins']);
  const repeated = events.slice(3).map((event) => event.split(' ')[0]);
  expect(repeated.filter((_, place) => place % 2 === 0)).toEqual(repeated.filter((_, place) => place % 2 === 1));
});

test('one that fails keeps nobody from their turn, and is told of when all have ended', async () => {
  const ended: number[] = [];
  const failing = inTurn([1, 2], async (lab) => {
    if (lab === 1) throw new Error('no lab');
    await Promise.resolve();
    ended.push(lab);
  });
  await expect(failing).rejects.toThrow('no lab');
  expect(ended).toEqual([2]);
});
