import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WINDOWS } from '../worker/messages.ts';
import { dropColumns } from './drops.ts';
import { groupings } from './group.ts';
import { listColumns } from './list-columns.ts';
import { levels } from '../worker/map/view.ts';
import { formatPlace, home, parsePlace } from './place.ts';
import { scales } from './ruler.ts';
import { columns } from './sort.ts';
import { lists, shows } from './tabs.ts';
import { tokenIn } from './token.ts';

const places = fc.record({
  focus: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  packet: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  inspect: fc.oneof(
    fc.constant(undefined),
    fc.record({ kind: fc.constantFrom('segment' as const, 'hop' as const), at: fc.nat(99) }),
    fc.record({ kind: fc.constant('node' as const), name: fc.string({ minLength: 1 }) }),
  ),
  filter: fc.string(),
  window: fc.constantFrom(...WINDOWS),
  span: fc.option(
    fc
      .record({ from: fc.nat(4e9), seconds: fc.integer({ min: 1, max: 1200 }) })
      .map(({ from, seconds }) => ({ from, to: from + seconds })),
    { nil: undefined },
  ),
  segment: fc.string(),
  scale: fc.constantFrom(...scales),
  grouping: fc.constantFrom(...groupings).map(({ value }) => value),
  columns: fc.subarray([...listColumns]),
  sort: fc.record({ by: fc.constantFrom(...columns), descending: fc.boolean() }),
  dropSort: fc.record({ by: fc.constantFrom(...dropColumns), descending: fc.boolean() }),
  show: fc.constantFrom(...shows).map(({ value }) => value),
  list: fc.constantFrom(...lists).map(({ value }) => value),
  finest: fc.constantFrom(...levels),
});

test('what the address bar carries is what was written into it', () => {
  fc.assert(
    fc.property(places, (place) => {
      expect(parsePlace(formatPlace(place))).toEqual(place);
    }),
  );
  expect(formatPlace(home)).toBe('');
});

test('what cannot be understood is as at home', () => {
  for (const span of ['from=9&to=8', 'from=8', 'from=-8&to=9', 'from=1e3&to=2e3', 'from=0&to=1201'])
    expect(parsePlace(`?${span}`)).toEqual(home);
  expect(parsePlace('?window=7s&scale=cubic&sort=-colour&token=secret')).toEqual(home);
});

test('a token comes in the fragment alone', () => {
  expect(tokenIn('#token=abc-1_2')).toBe('abc-1_2');
  expect(tokenIn('#other=1')).toBeUndefined();
});
