/**
 * Every pair of settings on real traffic: what may be joined is joined, and nothing is joined falsely. `npm run check:matrix`
 * does the same with every three.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { missing } from '../support.ts';
import { cellsOf, labOf, nameOf } from './cells.ts';
import { faultsOf } from './judge.ts';
import { runCells, type Outcome } from './run.ts';

const cells = cellsOf();

describe.skipIf(missing !== undefined)(`the matrix (needs root and a lab; missing: ${missing})`, () => {
  let outcomes: Outcome[];
  beforeAll(async () => {
    outcomes = await runCells(cells, { forMs: 800 });
  }, 600_000);

  test.each(cells.map((cell) => [labOf(cell), nameOf(cell), cell] as const))('%s: %s', (_lab, _name, cell) => {
    expect(faultsOf(outcomes.find((outcome) => outcome.cell === cell)!)).toEqual([]);
  });
});
