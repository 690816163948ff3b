import { describe, expect, it } from 'vitest';
import { closingLine, FAILED, NOTHING, PASSED, refuseSkips, sum, withExit } from './counts.ts';
import { isAllowed } from './skips.ts';

const skip = (reason: string) => ({ name: 'a test', reason });

describe('withExit', () => {
  it('fails a run that ended badly without a failed test', () => {
    expect(withExit(PASSED, false)).toEqual({ passed: 1, failed: 1, skipped: [] });
  });

  it('fails a run that ran nothing', () => {
    expect(withExit(NOTHING, true).failed).toBe(1);
  });

  it('does not count a failure twice', () => {
    expect(withExit(FAILED, false).failed).toBe(1);
  });
});

describe('refuseSkips', () => {
  it('keeps the allowed skips and fails the others', () => {
    const counts = { passed: 2, failed: 0, skipped: [skip('clang here is “14”'), skip('needs root')] };
    expect(closingLine(refuseSkips(counts, isAllowed))).toBe('2 passed, 1 failed, 1 skipped');
  });
});

it('sums and closes with one line', () => {
  const total = sum([PASSED, FAILED, { passed: 3, failed: 0, skipped: [skip('needs root')] }]);
  expect(closingLine(total)).toBe('4 passed, 1 failed, 1 skipped');
});
