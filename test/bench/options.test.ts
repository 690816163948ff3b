import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

const known = ['programs', 'legs', 'rest'];

describe('the command line', () => {
  it('runs all where none is named, and the named ones in their own order', () => {
    expect(parseOptions([], known)).toEqual({ names: known, quick: false, json: undefined, help: false });
    expect(parseOptions(['rest', 'programs'], known).names).toEqual(['programs', 'rest']);
    expect(parseOptions(['--quick', 'legs', '--json', 'out.json'], known)).toMatchObject({
      names: ['legs'],
      quick: true,
      json: 'out.json',
    });
  });

  it.each([
    [['leg'], 'there is no benchmark "leg": there are programs, legs, rest'],
    [['--fast'], '--fast'],
    [['--json'], '--json'],
  ])('refuses %j', (argv, said) => {
    expect(() => parseOptions(argv, known)).toThrow(said);
  });
});
