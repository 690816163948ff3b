/**
 * What our programs at tracepoints cost: the kernel's own account of their runs while bulk TCP and pings cross two nodes.
 * `net_dev_start_xmit` fires for every device of the machine, and most of its runs end at the first look.
 */
import { closeSync } from 'node:fs';
import { bpf, programIds, programInfo } from '../faults/bpf.ts';
import { startAgents } from '../lab/agents.ts';
import { dismiss, ends, startIperfServer, startSender, withLab } from './cluster.ts';
import type { Benchmark, Context, Figure } from './figure.ts';

const SETTLE_MS = 3000;

/** By the kernel's names, which have 15 letters. */
const programs = [
  { name: 'hoplens_transmi', what: 'tracepoints: a packet at any device’s driver (--queues on)' },
  { name: 'hoplens_netif_r', what: 'tracepoints: a packet from a driver (--queues on)' },
  { name: 'hoplens_drop', what: 'tracepoints: a packet that the kernel drops' },
];

/** All of this name: each agent has its own. */
function runsOf(name: string): { timeNs: number; runs: number } {
  const infos = programIds().map(programInfo).filter((info) => info.name === name); // prettier-ignore
  return infos.reduce((all, { runTimeNs, runs }) => ({ timeNs: all.timeNs + runTimeNs, runs: all.runs + runs }), { timeNs: 0, runs: 0 }); // prettier-ignore
}

async function measure({ quick, sleep }: Context): Promise<Figure[]> {
  const stats = bpf('enableStats', { 0: 0 });
  const figures = programs.map(({ what }): Figure => ({ what, unit: 'ns', rounds: [] }));
  try {
    let before = programs.map(({ name }) => runsOf(name));
    for (let round = 0; round < (quick ? 3 : 12); round++) {
      await sleep(quick ? 500 : 1500);
      const after = programs.map(({ name }) => runsOf(name));
      after.forEach(({ timeNs, runs }, at) => {
        if (runs > before[at].runs) figures[at].rounds.push((timeNs - before[at].timeNs) / (runs - before[at].runs));
      });
      before = after;
    }
  } finally {
    closeSync(stats);
  }
  return figures;
}

export const tracepoints: Benchmark = {
  name: 'tracepoints',
  about: 'ns per run of the programs that watch drops and queues, under bulk TCP, pings and refused datagrams',
  run: (context) =>
    withLab(async (made) => {
      const { from, to, address } = ends(made);
      const server = await startIperfServer(made, to);
      const agents = await startAgents(made, { args: ['--queues', 'on'] });
      const refused = `while :; do for i in 1 2 3 4 5 6 7 8; do echo x > /dev/udp/${address}/9; done; sleep 0.01; done`;
      const senders = [
        startSender(made, from, ['iperf3', '--client', address, '--time', '600']),
        startSender(made, from, ['ping', '-f', '-q', address]),
        startSender(made, from, ['bash', '-c', refused]),
      ];
      try {
        await context.sleep(SETTLE_MS);
        return await measure(context);
      } finally {
        dismiss(...senders, server);
        await agents.stop();
      }
    }),
};
