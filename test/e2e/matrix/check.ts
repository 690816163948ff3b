// npm run check:matrix -- [--pairs] [--seconds 1.5]
//
// Every combination of any three settings (or of any two) on real traffic. What it found replaces RESULT.md beside this file.
import { availableParallelism, release } from 'node:os';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { kernelSeries } from '../../bench/report.ts';
import { missing } from '../support.ts';
import { cellsOf, labOf, nameOf } from './cells.ts';
import { faultsOf } from './judge.ts';
import { runCells, type Outcome } from './run.ts';
import { inOrder, toMarkdown } from './table.ts';

const { values: options } = parseArgs({
  options: { pairs: { type: 'boolean', default: false }, seconds: { type: 'string', default: '1.5' } },
});
const strength = options.pairs ? 2 : 3;
const RESULT = fileURLToPath(new URL('RESULT.md', import.meta.url));

function tell(outcome: Outcome): void {
  const { summary, comparison, cell } = outcome;
  const faults = faultsOf(outcome);
  const checked = `${summary.joinableJoined} of ${summary.joinable} joined, ${comparison.equal + comparison.alike} checked`;
  console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${labOf(cell)}: ${nameOf(cell)}: ${checked}`);
  for (const fault of faults) console.log(`    ${fault}`);
} // prettier-ignore

async function check(): Promise<number> {
  if (missing !== undefined) throw new Error(`missing: ${missing}`);
  const cells = cellsOf(strength);
  const outcomes = await runCells(cells, { forMs: Number(options.seconds) * 1000, signals: true, onOutcome: tell });
  const failed = outcomes.filter((outcome) => faultsOf(outcome).length > 0).length;
  console.log(`${outcomes.length - failed} passed, ${failed} failed, 0 skipped`);
  await write(inOrder(outcomes, cells));
  return failed === 0 ? 0 : 1;
}

async function write(outcomes: Outcome[]): Promise<void> {
  const conditions = {
    date: new Date().toISOString().slice(0, 10),
    kernel: kernelSeries(release()),
    cpus: availableParallelism(),
    command: `npm run check:matrix${options.pairs ? ' -- --pairs' : ''}`,
    strength,
  };
  const text = toMarkdown(outcomes, conditions);
  writeFileSync(RESULT, await format(text, { ...(await resolveConfig(RESULT)), parser: 'markdown' }));
}

process.exitCode = await check();
