/** What one run of our programs takes under load, beyond an empty program at the same hooks in the same seconds. */
import { startAgents } from '../lab/agents.ts';
import type { Lab } from '../lab/index.ts';
import { dismiss, ends, startIperfServer, startSender, withLab } from './cluster.ts';
import type { Benchmark, Context, Figure } from './figure.ts';
import { costBetween, openProgramStats, type Runs } from './program-stats.ts';

/** Until the exponents fit the load. */
const SETTLE_MS = 3000;

async function devicesOf(lab: Lab): Promise<{ netns: string; ifindexes: number[] }[]> {
  const list = async ({ name, netns }: { name: string; netns: string }) => {
    const { stdout } = await lab.exec(name, ['ip', '-json', 'link']);
    return { netns, ifindexes: (JSON.parse(stdout) as { ifindex: number }[]).map(({ ifindex }) => ifindex) };
  };
  return Promise.all(lab.nodes.map(list));
}

async function measure(lab: Lab, { quick, sleep }: Context): Promise<Figure[]> {
  const stats = openProgramStats(await devicesOf(lab));
  if (stats.hooks === 0) throw new Error('our programs are at no tcx hook');
  const read = (): [Runs, Runs] => [stats.ours(), stats.empty()];
  const added: number[] = [];
  const empty: number[] = [];
  const perSecond: number[] = [];
  try {
    let before = read();
    let beforeMs = performance.now();
    for (let round = 0; round < (quick ? 3 : 12); round++) {
      await sleep(quick ? 500 : 1500);
      const after = read();
      const afterMs = performance.now();
      const { addedNs, emptyNs } = costBetween(before, after);
      added.push(addedNs);
      empty.push(emptyNs);
      perSecond.push(((after[0].runs - before[0].runs) / (afterMs - beforeMs)) * 1000);
      before = after;
      beforeMs = afterMs;
    }
  } finally {
    stats.close();
  }
  return [
    { what: 'lab: added by a run, TCP and ping flood, sampling auto', unit: 'ns', rounds: added, goal: { value: 46, better: 'less' } }, // prettier-ignore
    { what: 'lab: an empty program there, bookkeeping included', unit: 'ns', rounds: empty },
    { what: 'lab: runs of our programs, on two nodes of 20,000 records/s each', unit: 'runs/s', rounds: perSecond },
  ];
}

export const lab: Benchmark = {
  name: 'lab',
  about: 'ns per run of the programs under bulk TCP and a ping flood, less an empty program there',
  run: (context) =>
    withLab(async (made) => {
      const { from, to, address } = ends(made);
      const server = await startIperfServer(made, to);
      const agents = await startAgents(made);
      const senders = [
        startSender(made, from, ['iperf3', '--client', address, '--time', '600']),
        startSender(made, from, ['ping', '-f', '-q', address]),
      ];
      try {
        await context.sleep(SETTLE_MS);
        if (senders.some((sender) => sender.exitCode !== null)) throw new Error('the traffic ended by itself');
        return await measure(made, context);
      } finally {
        dismiss(...senders, server);
        await agents.stop();
      }
    }),
};
