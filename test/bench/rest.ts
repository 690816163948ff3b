/** What an agent costs where no packet comes and nobody looks. */
import { startAgents } from '../lab/agents.ts';
import { withLab } from './cluster.ts';
import type { Benchmark } from './figure.ts';
import { processCpuNs, residentBytes } from './usage.ts';

interface Reading {
  timeNs: number;
  cpuNs: number;
}

const read = (pid: number): Reading => ({ timeNs: performance.now() * 1e6, cpuNs: processCpuNs(pid) });

const percent = (from: Reading, to: Reading): number => ((to.cpuNs - from.cpuNs) / (to.timeNs - from.timeNs)) * 100;

export const rest: Benchmark = {
  name: 'rest',
  about: 'CPU time and memory of an agent on a quiet node',
  run: ({ quick, sleep }) =>
    withLab(async (lab) => {
      const agents = await startAgents(lab);
      try {
        const pids = lab.nodes.map(({ name }) => agents.process(name).pid!);
        await sleep(quick ? 5000 : 20_000);
        const cpu: number[] = [];
        const memory: number[] = [];
        let before = pids.map(read);
        for (let window = 0; window < (quick ? 3 : 10); window++) {
          await sleep(2000);
          const after = pids.map(read);
          cpu.push(...after.map((reading, agent) => percent(before[agent], reading)));
          memory.push(...pids.map((pid) => residentBytes(pid) / 1e6));
          before = after;
        }
        return [
          { what: 'rest: CPU of an agent', unit: '% of a core', rounds: cpu, goal: { value: 0.5, better: 'less' } },
          { what: 'rest: memory of an agent', unit: 'MB', rounds: memory, goal: { value: 90, better: 'less' } },
        ];
      } finally {
        await agents.stop();
      }
    }),
};
