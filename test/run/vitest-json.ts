// Counts what vitest's JSON reporter wrote, and finds what failed.
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

/** Of a failed test's message: what was expected and what came instead, without the whole of a long difference. */
const SHOWN_LINES = 20;

function failuresIn({ name, message, status, assertionResults }: File, folder: string): string[] {
  const file = name.replace(folder, '');
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${file}: ${message}`] : [];
  return failed.map(({ ancestorTitles, title, failureMessages }) => {
    const lines = (failureMessages ?? []).join('\n').split('\n').slice(0, SHOWN_LINES);
    return [[file, ...ancestorTitles, title].join(' > '), ...lines.map((line) => `  ${line}`)].join('\n');
  });
}

/**
 * What a reader wants of a failed run: which tests failed, and their words.
 * @param folder taken off the files' names
 */
export const failuresInVitest = (text: string, folder: string): string =>
  (JSON.parse(text) as Report).testResults.flatMap((file) => failuresIn(file, folder)).join('\n');

/**
 * One count per file.
 * @param folder taken off the files' names
 */
export function countVitest(text: string, folder: string): Counts[] {
  return (JSON.parse(text) as Report).testResults.map((file) => countFile(file, folder));
}
