import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellKey } from '../../../agent/histogram/cells.ts';
import { isIn, type Span } from '../lib/span.ts';
import { createHistory } from './history.ts';
import { createShown } from './shown.ts';

const FIRST = 1000;
const SERIES = [0, 1, 2];

/** What comes in one second: of which one, to which series. */
const arrivals = fc.array(
  fc.array(fc.record({ age: fc.nat(12), series: fc.constantFrom(...SERIES), weight: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 6,
  }),
  { minLength: 20, maxLength: 60 },
);
type Change = { at: number } & ({ span: Span | undefined } | { seconds: number });
const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.oneof(
    fc.record({ at: fc.nat(60), seconds: fc.integer({ min: 10, max: 40 }) }),
    fc.record({
      at: fc.nat(60),
      span: fc.option(
        fc
          .tuple(fc.nat(60), fc.integer({ min: 1, max: 30 }))
          .map(([from, length]) => ({ from: FIRST + from, to: FIRST + from + length })),
        { nil: undefined },
      ),
    }),
  ),
  { maxLength: 5 },
);

test('whatever is looked at meanwhile, the sums over a span are those of its seconds', () => {
  fc.assert(
    fc.property(arrivals, changes, fc.constantFrom(25, 1000), (told, changed, kept) => {
      const history = createHistory(kept, 1 << 20);
      const shown = createShown(history);
      told.forEach((paths, index) => {
        const now = FIRST + index;
        shown.turn(now);
        for (const { age, series, weight } of paths) shown.add(now - age, cellKey(series, 5), weight);
        for (const change of changed.filter(({ at }) => at === index)) {
          if ('seconds' in change) shown.setSeconds(change.seconds);
          else shown.fix(change.span);
        }
        const span = shown.fixed ?? { from: now - shown.seconds + 1, to: Infinity };
        for (const series of SERIES) {
          const ofSeconds = history
            .seconds()
            .filter(({ second }) => isIn(second, span))
            .reduce((all, { keys, counts }) => all + (counts[keys.indexOf(cellKey(series, 5))] ?? 0), 0);
          expect(shown.window.count(series)).toBe(ofSeconds);
        }
      });
    }),
  );
});
