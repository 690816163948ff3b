import { describe, expect, it } from 'vitest';
import { isDebian } from './debian.mjs';
import { atLeast } from './go.mjs';
import { GOALS, isMet, needsOf, onPath } from './needs.mjs';
import { firstDifference } from './packages.mjs';

describe('atLeast', () => {
  it.each([
    ['1.26.8', '1.25.0', true],
    ['1.25', '1.25.0', true],
    ['1.24.4', '1.25.0', false],
    ['1.9', '1.25', false],
    ['2.0', '1.25.7', true],
    ['1.26rc1', '1.25.0', true],
  ])('%s against %s: %s', (version, least, expected) => {
    expect(atLeast(version, least)).toBe(expected);
  });
});

describe('firstDifference', () => {
  const locked = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };

  it('does not miss a package of another platform', () => {
    expect(firstDifference(locked, { 'node_modules/a': { version: '1.0.0' } })).toBeUndefined();
  });

  it.each([
    ['nothing is installed', {}, 'node_modules/a'],
    ['another version is', { 'node_modules/a': { version: '1.0.1' } }, 'node_modules/a'],
    [
      'an optional one has another version',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0' } },
      'node_modules/b',
    ],
    [
      'one too many is',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/c': { version: '1.0.0' } },
      'node_modules/c',
    ],
  ])('names the package when %s', (_, installed, name) => {
    expect(firstDifference(locked, installed)).toBe(name);
  });
});

describe('needs', () => {
  it('asks for no compiler of kernel programs and no browser in the demo', () => {
    expect(needsOf('demo').filter(({ package: name }) => /clang|llvm|chromium/.test(name))).toEqual([]);
  });

  it('knows the needs of every goal; only the recorded session has none, for it needs no root either', () => {
    expect(Object.keys(GOALS).filter((goal) => needsOf(goal).length === 0)).toEqual(['replay']);
  });

  it('sees what is there and what is not', () => {
    expect(isMet({ package: 'p', why: 'w', command: 'sh' })).toBe(true);
    expect(isMet({ package: 'p', why: 'w', command: 'no-such-program' })).toBe(false);
    expect(isMet({ package: 'p', why: 'w', command: 'sh', file: '/no/such/file' })).toBe(false);
    expect(onPath('sh', '')).toBeUndefined();
  });
});

it('knows Debian and its kin', () => {
  expect(isDebian('NAME="Debian GNU/Linux"\nID=debian\n')).toBe(true);
  expect(isDebian('ID=ubuntu\nID_LIKE=debian\n')).toBe(true);
  expect(isDebian('ID=fedora\n')).toBe(false);
});
