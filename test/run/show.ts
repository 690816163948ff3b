// Runs steps, shows each with its time, and closes with the line that counts everything.
import { type Counts, closingLine, refuseSkips, sum } from './counts.ts';
import { endAll } from './execute.ts';
import { isAllowed, skipsAreFailures } from './skips.ts';
import { type Report, type Step } from './steps.ts';

/** Of a failed step's output; the end of it says what failed. */
const SHOWN_LINES = 200;

function indented(text: string): string {
  const lines = text.trimEnd().split('\n');
  const omitted = lines.length > SHOWN_LINES ? [`... ${lines.length - SHOWN_LINES} lines before`] : [];
  return [...omitted, ...lines.slice(-SHOWN_LINES)].map((line) => `    ${line}`).join('\n');
}

async function runStep(step: Step): Promise<Report> {
  try {
    return await step.run();
  } catch (error) {
    const output = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { counts: { passed: 0, failed: 1, skipped: [] }, output };
  }
}

interface Shown {
  counts: Counts;
  /** What failed; empty where all is well. */
  failed: string;
}

async function runAndShow(step: Step, strict: boolean): Promise<Shown> {
  const startMs = performance.now();
  const { counts, output } = await runStep(step);
  const judged = strict ? refuseSkips(counts, isAllowed) : counts;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const line = `${judged.failed > 0 ? 'FAILED' : 'ok    '} ${step.name}: ${closingLine(judged)} (${seconds} s)`;
  const failed = counts.failed > 0 ? `${line}\n${indented(output)}` : '';
  console.log(failed || line);
  for (const skip of counts.skipped) {
    console.log(
      `    ${strict && !isAllowed(skip) ? 'SKIPPED, NOT ALLOWED IN CI' : 'skipped'}: ${skip.name}: ${skip.reason}`,
    );
  }
  return { counts: judged, failed };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    endAll();
    process.exit(130);
  });
}

/** Sets the exit code: bad where something failed, or nothing passed. */
export async function runSteps(steps: readonly (Step | readonly Step[])[]): Promise<void> {
  const results: Shown[] = [];
  for (const step of steps) {
    const together = [step].flat().map((each) => runAndShow(each, skipsAreFailures()));
    results.push(...(await Promise.all(together)));
  }
  const total = sum(results.map(({ counts }) => counts));
  const failures = results.filter(({ failed }) => failed !== '').map(({ failed }) => failed);
  // A long run's failures are far up by now.
  if (failures.length > 0) console.log(`\nWhat failed:\n${failures.join('\n')}`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
  console.log(closingLine(total));
}
