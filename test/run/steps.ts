// What npm test does, in order: quick and cheap first. Each step counts for itself and goes on
// whatever the ones before it found.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { goEnvironment, modules, root } from '../setup/go.mjs';
import { type Counts, FAILED, NOTHING, PASSED, sum, withExit } from './counts.ts';
import { execute } from './execute.ts';
import { checkGenerated } from './generated.ts';
import { countGo, failuresInGo } from './go-json.ts';
import { countVitest, failuresInVitest } from './vitest-json.ts';

export interface Report {
  readonly counts: Counts;
  /** Shown when the step failed. */
  readonly output: string;
}

export interface Step {
  readonly name: string;
  readonly run: () => Promise<Report>;
}

const environment = goEnvironment();

/** Emulated processors are ten times slower or worse. */
export const limitMs = process.env['HOPLENS_EMULATED'] ? 1_500_000 : 600_000;

function npmBinary(name: string): string {
  return join(root, 'node_modules/.bin', name);
}

/** A check that is one test: right or wrong. */
function check(name: string, program: string, options: readonly string[], folder = root): Step {
  const run = async (): Promise<Report> => {
    const { ok, all } = await execute(program, options, { folder, environment });
    return { counts: ok ? PASSED : FAILED, output: all };
  };
  return { name, run };
}

/** gofmt lists what it would change and ends well. */
async function goFormat(): Promise<Report> {
  const { ok, all } = await execute('gofmt', ['-l', ...modules], { folder: root, environment });
  return { counts: ok && all === '' ? PASSED : FAILED, output: `not formatted, or not Go:\n${all}` };
}

function goTests(folder: string): Step {
  const run = async (): Promise<Report> => {
    const options = ['test', '-json', '-count=1', '-timeout=9m', './...'];
    const { ok, out, all } = await execute('go', options, { folder: join(root, folder), environment });
    return { counts: withExit(sum(countGo(out)), ok), output: failuresInGo(out) || all };
  };
  return { name: `go test ${folder}`, run };
}

export function vitest(name: string, options: readonly string[]): Step {
  const run = async (): Promise<Report> => {
    const file = join(root, '.build', `${name.replaceAll(/[^\w.]/g, '-')}.json`);
    rmSync(file, { force: true });
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const words = ['run', '--config', '.vitest.config.ts', ...reporters, ...options];
    const { ok, all } = await execute(npmBinary('vitest'), words, {
      folder: root,
      environment: { ...environment, NO_COLOR: '1' },
      limitMs,
    });
    const counts = existsSync(file) ? sum(countVitest(readFileSync(file, 'utf8'), `${root}/`)) : NOTHING;
    return { counts: withExit(counts, ok), output: failuresInVitest(all) };
  };
  return { name, run };
}

/** End-to-end tests that go through many cases one after the other. */
const long = ['test/e2e/causes/', 'test/e2e/matrix/', 'test/e2e/hurts.test.ts'];

/** Labs in which little passes: they wait most of the time, and what they say holds on a busy machine as well. */
const light = [
  ...['clocks', 'doctor', 'drops', 'filter', 'names', 'own', 'page', 'paths', 'recording'].map(
    (name) => `test/e2e/${name}.test.ts`,
  ),
  ...['disk', 'foreign', 'hostile', 'rights', 'usage'].map((name) => `test/faults/${name}.test.ts`),
];

const without = (paths: readonly string[]): string[] => paths.map((path) => `--exclude=${path}**`);

/** They only read. */
const checks: readonly Step[] = [
  check('prettier', npmBinary('prettier'), ['--check', '--log-level=warn', '.']),
  check('eslint', npmBinary('eslint'), ['-c', '.eslint.config.mjs', '.']),
  check('tsc', npmBinary('tsc'), ['-p', '.']),
  check('svelte-check', npmBinary('svelte-check'), ['--tsconfig', 'dashboard/tsconfig.json', '--fail-on-warnings']),
  { name: 'gofmt', run: goFormat },
  ...modules.map((folder) => check(`go vet ${folder}`, 'go', ['vet', './...'], join(root, folder))),
];

/** One after the other; those of one list side by side. */
export const steps: readonly (Step | readonly Step[])[] = [
  { name: 'generated files are up to date', run: () => checkGenerated(root, environment) },
  checks,
  // Neither needs a lab or the machine for itself: Go's wait for the kernel half of the time. Of vitest's files, which share no
  // state, as many run at a time as there are cores, in one process each; it would leave a core free and start one for each file.
  [
    ...modules.map(goTests),
    vitest('vitest agent', ['agent/', 'dashboard/', `--maxWorkers=${availableParallelism()}`, '--no-isolate']),
  ],
  // One file of these makes labs.
  vitest('vitest test', ['test/', '--exclude=test/{e2e,faults}/**', '--maxWorkers=2']),
  // Labs share the machine’s cores: one file at a time.
  vitest('vitest e2e', ['test/e2e/', ...without([...long, ...light]), '--no-file-parallelism']),
  vitest('vitest long', [...long, '--no-file-parallelism']),
  vitest('vitest faults', ['test/faults/', ...without(light), '--no-file-parallelism']),
  vitest('vitest light', [...light, '--maxWorkers=2']),
];
