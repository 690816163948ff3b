/**
 * `npm run bench`: what hoplens itself costs. Goals are reported and never judged: it ends with 0 whatever the figures
 * are, with 1 where something could not be measured, with 2 for wrong usage.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Benchmark, Context } from './figure.ts';
import { lab } from './lab.ts';
import { legs } from './legs.ts';
import { machine } from './machine.ts';
import { parseOptions, type Options } from './options.ts';
import { crowd, page } from './page.ts';
import { paths } from './paths.ts';
import { programs } from './programs.ts';
import { kernelSeries, toJson, toTable, type JsonReport, type Measured } from './report.ts';
import { rest } from './rest.ts';
import { rows } from './rows.ts';
import { spreadOf } from './statistics.ts';
import { tcpdump } from './tcpdump.ts';
import { tracepoints } from './tracepoints.ts';
import { busyNs, machineTime } from './usage.ts';

const benchmarks: Benchmark[] = [programs, legs, paths, page, crowd, rows, lab, tracepoints, machine, rest, tcpdump];

const usage = `usage: npm run bench -- [NAME...] [--quick] [--json FILE]
${benchmarks.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`).join('\n')}
  --quick   fewer and shorter rounds: to try, not to quote
  --json    write the figures of every round to a file`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What else runs on the machine, in percent of one CPU. */
async function otherwiseBusy({ sleep }: Context): Promise<number> {
  const from = machineTime();
  await sleep(1000);
  const to = machineTime();
  return Math.max(0, (busyNs(from, to) / (to.timeNs - from.timeNs)) * 100);
}

async function measure(benchmark: Benchmark, context: Context): Promise<Measured> {
  say(`${benchmark.name}: ${benchmark.about} ...`);
  const otherwiseBusyPercent = await otherwiseBusy(context);
  const begun = { benchmark: benchmark.name, otherwiseBusyPercent };
  try {
    const figures = await benchmark.run(context);
    for (const { rounds } of figures) spreadOf(rounds);
    return { ...begun, figures };
  } catch (error) {
    context.signal.throwIfAborted();
    return { ...begun, figures: [], failure: error instanceof Error ? error.message : String(error) };
  }
}

/** What to type to measure the same again. */
function commandLine({ names, quick }: Options): string {
  const words = [...(names.length < benchmarks.length ? names : []), ...(quick ? ['--quick'] : [])];
  return ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}

function write(file: string, report: JsonReport): void {
  try {
    writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (error) {
    throw new Error(`the figures could not be written: ${(error as Error).message}`, { cause: error });
  }
}

async function runAll(options: Options, signal: AbortSignal): Promise<number> {
  const context: Context = { quick: options.quick, signal, sleep: (ms) => wait(ms, undefined, { signal }) };
  const all: Measured[] = [];
  for (const name of options.names)
    all.push(
      await measure(
        benchmarks.find((each) => each.name === name)!,
        context,
      ),
    );
  const conditions = {
    cpus: availableParallelism(),
    kernel: kernelSeries(release()),
    date: new Date().toISOString().slice(0, 10),
    command: commandLine(options),
    quick: options.quick,
  };
  const report = toJson(conditions, all);
  console.log(toTable(report));
  if (options.json !== undefined) write(options.json, report);
  return all.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

async function main(argv: string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(argv, benchmarks.map(({ name }) => name)); // prettier-ignore
  } catch (error) {
    say(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  try {
    return await runAll(options, stop.signal);
  } catch (error) {
    say(stop.signal.aborted ? 'ended before it was done' : (error as Error).message);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
