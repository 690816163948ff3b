/** What stays said while figures change. */
import { expect, test } from 'vitest';
import { run } from './synthetic.ts';

const FROM = 110;
const ENDS = 90;

test('a wire that is slow one way keeps its direction when clocks share its delay out, until it is well again', () => {
  // What the estimate of a clock gives to n1 ▸ n2; the other direction has what is left of 4 ms.
  const share = (second: number): number => Math.max(0, 1 - Math.max(0, second - FROM - 30) / 25);
  const fault = {
    delayNs: ({ segment, from, to, second }: { segment: string; from: number; to: number; second: number }) => {
      if (segment !== 'wire' || from + to !== 1) return 0;
      return 4e6 * (from === 0 ? share(second) : 1 - share(second));
    },
  };
  const said = run(FROM + ENDS + 30, { fault, from: FROM, until: FROM + ENDS, askedFrom: FROM - 5 });
  const ofWires = said.flatMap(({ findings }) => findings).filter(({ place }) => place.segment === 'wire');
  expect(new Set(ofWires.map(({ place }) => place.nodes.join(' ▸ ')))).toEqual(new Set(['n1 ▸ n2']));
  expect(new Set(ofWires.map(({ place }) => place.scope))).toEqual(new Set(['stretch']));
  expect(Math.max(...ofWires.map(({ sinceMs }) => Math.abs(sinceMs / 1000 - FROM)))).toBeLessThanOrEqual(2);
  // Said without a break, and taken back.
  expect(ofWires.length).toBeGreaterThan(ENDS - 20);
  expect(said.at(-1)!.findings).toEqual([]);
});
