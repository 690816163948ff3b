// What a step of the run counted, whoever ran it.

export interface Skip {
  readonly name: string;
  /** Why, in the test's own words; empty where it gave none. */
  readonly reason: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skip[];
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: [] };
export const PASSED: Counts = { passed: 1, failed: 0, skipped: [] };
export const FAILED: Counts = { passed: 0, failed: 1, skipped: [] };

export function sum(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((total, each) => total + each.passed, 0),
    failed: all.reduce((total, each) => total + each.failed, 0),
    skipped: all.flatMap((each) => each.skipped),
  };
}

/** A run that ended badly, or counted nothing at all, has failed whatever it counted. */
export function withExit(counts: Counts, exitOk: boolean): Counts {
  const ran = counts.passed + counts.failed + counts.skipped.length > 0;
  return counts.failed === 0 && (!exitOk || !ran) ? sum([counts, FAILED]) : counts;
}

/** The line that closes a run. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}

/** Turns skips that nobody allowed into failures. */
export function refuseSkips(counts: Counts, allowed: (skip: Skip) => boolean): Counts {
  const kept = counts.skipped.filter(allowed);
  return { passed: counts.passed, failed: counts.failed + counts.skipped.length - kept.length, skipped: kept };
}
