// Counts what vitest's JSON reporter wrote, and finds what its other one says of failures.
import { type Counts, type Skip } from './counts.ts';

interface Report {
  readonly testResults: readonly File[];
}

interface File {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly Assertion[];
}

interface Assertion {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[] | null;
}

function countFile(file: File, folder: string): Counts {
  const of = (...statuses: string[]) => file.assertionResults.filter(({ status }) => statuses.includes(status));
  const skipped: Skip[] = of('skipped', 'pending', 'todo', 'disabled').map(({ ancestorTitles, title }) => ({
    name: `${file.name.replace(folder, '')} > ${title}`,
    // The describe block that was skipped says why, and the test where it is skipped alone.
    reason: [...ancestorTitles, title].join(' > '),
  }));
  const failed = of('failed').length;
  // A file that did not load has a message and no tests.
  const broken = file.status === 'failed' && failed === 0 ? 1 : 0;
  return { passed: of('passed').length, failed: failed + broken, skipped };
}

/** What a reader wants of a failed run: its reporter's words on what failed, without all that went well before. */
export const failuresInVitest = (output: string): string =>
  output.slice(Math.max(0, output.search(/^.*Failed (Suites|Tests) \d+/m)));

/**
 * One count per file.
 * @param folder taken off the files' names
 */
export function countVitest(text: string, folder: string): Counts[] {
  return (JSON.parse(text) as Report).testResults.map((file) => countFile(file, folder));
}
