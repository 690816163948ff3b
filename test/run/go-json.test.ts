import { describe, expect, it } from 'vitest';
import { closingLine, sum } from './counts.ts';
import { countGo, failuresInGo } from './go-json.ts';

const lines = (...events: object[]) => events.map((event) => JSON.stringify(event)).join('\n');
const event = (Action: string, Test?: string, Output?: string) => ({ Action, Package: 'p', Test, Output });
const count = (...events: object[]) => closingLine(sum(countGo(lines(...events))));

describe('countGo', () => {
  it('counts subtests instead of the test around them', () => {
    const events = [
      event('pass', 'A/one'),
      event('fail', 'A/two'),
      event('fail', 'A'),
      event('pass', 'B'),
      event('fail'),
    ];
    expect(count(...events)).toBe('2 passed, 1 failed, 0 skipped');
  });

  it('counts a test that failed although its subtests passed', () => {
    expect(count(event('pass', 'A/one'), event('fail', 'A'))).toBe('1 passed, 1 failed, 0 skipped');
  });

  it('does not take a test for a subtest of another that its name begins with', () => {
    expect(count(event('pass', 'Attach'), event('pass', 'AttachTwice'))).toBe('2 passed, 0 failed, 0 skipped');
  });

  it('counts a package that failed without a failed test', () => {
    expect(count(event('pass', 'A'), event('fail'))).toBe('1 passed, 1 failed, 0 skipped');
  });

  it('counts a test that never ended', () => {
    expect(count(event('run', 'A'), event('output', 'A', 'panic: no\n'), event('fail'))).toBe(
      '0 passed, 1 failed, 0 skipped',
    );
  });

  it('takes over why a test was skipped', () => {
    const output = (text: string) => event('output', 'A', text);
    const text = lines(
      output('=== RUN   A\n'),
      output('    a_test.go:12: needs root\n'),
      output('--- SKIP: A (0.00s)\n'),
      event('skip', 'A'),
    );
    expect(sum(countGo(text)).skipped).toEqual([{ name: 'p A', reason: 'needs root' }]);
  });

  it('ignores what is no event', () => {
    expect(closingLine(sum(countGo(`hello\n{"no json\n${lines(event('pass', 'A'))}\n`)))).toBe(
      '1 passed, 0 failed, 0 skipped',
    );
  });
});

it('shows the words of what failed and of what did not build', () => {
  const text = lines(
    { Action: 'build-output', ImportPath: 'q', Output: 'a.go:1: syntax error\n' },
    event('output', 'A', 'want 1\n'),
    event('fail', 'A'),
    event('output', 'B', 'all well\n'),
    event('pass', 'B'),
  );
  expect(failuresInGo(text)).toBe('a.go:1: syntax error\nwant 1\n');
});
