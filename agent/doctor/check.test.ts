import { describe, expect, it } from 'vitest';
import { answerOf, attempt, judge, ok } from './check.ts';

describe('a check', () => {
  it('gives what it found', async () => {
    expect(await attempt('one', () => ok('one', 'fine'))).toEqual([ok('one', 'fine')]);
    expect(await attempt('two', () => [ok('two', 'a'), ok('two', 'b')])).toHaveLength(2);
  });

  it('that fails is a finding', async () => {
    const broken = (): never => {
      throw new TypeError('no such thing');
    };
    const found = { name: 'one', state: 'problem', found: 'looking failed: no such thing' };
    expect(await attempt('one', broken)).toMatchObject([found]);
    expect(await attempt('one', () => Promise.reject(new Error('no such thing')))).toMatchObject([found]);
  });

  it('that never ends is one too', async () => {
    const never = new Promise<never>(() => undefined);
    expect(await attempt('one', () => never, 10)).toMatchObject([
      { state: 'problem', found: 'looking failed: it took longer than 0.01 s' },
    ]);
  });

  it('of what is not known says why', async () => {
    const answer = await answerOf((): string => {
      throw Object.assign(new Error('the kernel says no'), { code: 'no-bpf' });
    });
    expect(answer).toEqual({ error: { code: 'no-bpf', message: 'the kernel says no' } });
    expect(judge('hooks', answer, () => ok('hooks', 'tcx'))).toMatchObject([
      { name: 'hooks', state: 'warning', found: 'not known: the kernel says no' },
    ]);
    expect(judge('hooks', await answerOf(() => 'tcx'), (hooks) => ok('hooks', hooks))).toEqual([ok('hooks', 'tcx')]);
  });
});
