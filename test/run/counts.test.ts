import { afterEach, describe, expect, it, vi } from 'vitest';
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

describe('isAllowed', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each([
    ['1', true],
    [undefined, false],
  ])('what a kernel lacks, under check:kernels only (%s)', (emulated, allowed) => {
    vi.stubEnv('HOPLENS_EMULATED', emulated);
    expect(isAllowed(skip('needs a kernel with tcx (6.6)'))).toBe(allowed);
    expect(isAllowed(skip('needs root'))).toBe(false);
  });
});

it('sums and closes with one line', () => {
  const total = sum([PASSED, FAILED, { passed: 3, failed: 0, skipped: [skip('needs root')] }]);
  expect(closingLine(total)).toBe('4 passed, 1 failed, 1 skipped');
});
