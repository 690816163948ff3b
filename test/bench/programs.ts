/** What a packet costs in our programs beyond an empty one, from the Go benchmarks beside them. */
import { fileURLToPath } from 'node:url';
import { run } from '../lab/run.ts';
import type { Benchmark, Figure } from './figure.ts';
import { interleave } from './statistics.ts';

const benchmarks = [
  { name: 'BenchmarkUnsampled', what: 'programs: added by an unsampled packet', goalNs: 8 },
  { name: 'BenchmarkSampled', what: 'programs: added by a sampled packet', goalNs: 75 },
];

/** The tests of bpf/, built by `build.mjs bench`. */
function binary(): string {
  const folder = import.meta.url.endsWith('.ts') ? '../../.build/' : './';
  return fileURLToPath(new URL(`${folder}bpf.test`, import.meta.url));
}

/** A metric of the one benchmark that `go test -bench` printed. */
export function metricOf(output: string, unit: string): number {
  const fields = output.split('\n').find((line) => line.startsWith('Benchmark'))?.split(/\s+/) ?? []; // prettier-ignore
  const value = Number(fields[fields.indexOf(unit) - 1]);
  if (!fields.includes(unit) || !Number.isFinite(value)) throw new Error(`no ${unit} in: ${output.trim()}`);
  return value;
}

/** The kernel gives whole nanoseconds for the mean of a thousand runs; the benchmark their median. */
async function measure(name: string, quick: boolean): Promise<number> {
  const times = quick ? '50x' : '200x';
  const argv = [binary(), '-test.run=^$', `-test.bench=^${name}$`, `-test.benchtime=${times}`];
  return metricOf((await run(argv)).stdout, 'added-ns/packet');
}

export const programs: Benchmark = {
  name: 'programs',
  about: 'ns that our programs add to an unsampled and to a sampled packet over an empty program',
  async run({ quick, sleep }) {
    const [a, b] = benchmarks.map(({ what, goalNs }): Figure => ({ what, unit: 'ns', rounds: [], goal: { value: goalNs, better: 'less' } })); // prettier-ignore
    for (const figure of interleave(a, b, quick ? 3 : 15)) {
      figure.rounds.push(await measure(benchmarks[figure === a ? 0 : 1].name, quick));
      await sleep(0);
    }
    return [a, b];
  },
};
