// Counts what `go test -json` printed (`go doc test2json`).
import { type Counts, type Skip } from './counts.ts';

interface Event {
  readonly Action: string;
  readonly Package?: string;
  readonly Test?: string;
  readonly Output?: string;
}

interface Result {
  readonly action: string;
  readonly output: string;
}

function parseLine(line: string): Event | undefined {
  try {
    return line.startsWith('{') ? (JSON.parse(line) as Event) : undefined;
  } catch {
    return undefined; // a test wrote to stdout itself
  }
}

/** Results by package and test; the package's own stand under an empty test name. */
function collect(text: string): Map<string, Map<string, Result>> {
  const packages = new Map<string, Map<string, Result>>();
  for (const event of text.split('\n').map(parseLine)) {
    if (!event?.Package) continue;
    const tests = packages.get(event.Package) ?? new Map<string, Result>();
    packages.set(event.Package, tests);
    const { action, output } = tests.get(event.Test ?? '') ?? { action: '', output: '' };
    const ended = ['pass', 'fail', 'skip'].includes(event.Action);
    tests.set(event.Test ?? '', { action: ended ? event.Action : action, output: output + (event.Output ?? '') });
  }
  return packages;
}

/** `    file_test.go:12: reason` and the lines that belong to it. */
function reasonIn(output: string): string {
  const lines = output.split('\n').filter((line) => !/^\s*(=== |--- )/.test(line));
  return lines
    .map((line) => line.replace(/^\s*\S+\.go:\d+: /, '').trim())
    .join(' ')
    .trim();
}

function countPackage(name: string, tests: Map<string, Result>): Counts {
  const named = [...tests].filter(([test]) => test !== '');
  // A test with subtests is counted by them, unless it failed by itself.
  const below = (test: string) => named.filter(([other]) => other.startsWith(`${test}/`));
  const counted = named.filter(([test, { action }]) => {
    const children = below(test);
    return children.length === 0 || (action === 'fail' && !children.some(([, child]) => child.action === 'fail'));
  });
  const of = (action: string) => counted.filter(([, result]) => result.action === action);
  const unfinished = counted.length - of('pass').length - of('fail').length - of('skip').length;
  const failed = of('fail').length + unfinished;
  const packageFailed = tests.get('')?.action === 'fail' && failed === 0 ? 1 : 0;
  const skipped: Skip[] = of('skip').map(([test, { output }]) => ({
    name: `${name} ${test}`,
    reason: reasonIn(output),
  }));
  return { passed: of('pass').length, failed: failed + packageFailed, skipped };
}

/** One count per package, in the order of appearance. */
export function countGo(text: string): Counts[] {
  return [...collect(text)].map(([name, tests]) => countPackage(name, tests));
}

/** What a reader wants of a failed run: the words of the failed tests and of packages that did not build. */
export function failuresInGo(text: string): string {
  const events = text.split('\n').map(parseLine);
  const build = events.filter((event) => event?.Action === 'build-output').map((event) => event?.Output ?? '');
  const tests = [...collect(text).values()].flatMap((results) => [...results.values()]);
  const failed = tests.filter(({ action }) => action === 'fail' || action === '').map(({ output }) => output);
  return [...build, ...failed].join('');
}
