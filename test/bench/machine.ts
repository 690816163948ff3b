/** CPU time of the whole machine for each packet at a fixed rate, without agents and with one on each node. */
import { startAgents, type Agents } from '../lab/agents.ts';
import type { Lab } from '../lab/index.ts';
import { dismiss, ends, startIperfServer, startSender, withLab } from './cluster.ts';
import type { Benchmark, Context, Figure } from './figure.ts';
import { interleave, percentMore } from './statistics.ts';
import { busyNs, machineTime, processCpuNs, receivedIn } from './usage.ts';

/** Well below what the machine can carry, so that the rate is the same in every round. */
const PACKETS_PER_SECOND = 20_000;
const BYTES = 500;
/** After agents came or went: their start is not their work. */
const SETTLE_MS = 1500;
/** A round that carried less or more than this share of the rate measured something else. */
const TOLERANCE = 0.05;

/** Nanoseconds of CPU for each packet that arrived in the pod: the machine's, and of these the agents' processes'. */
interface PerPacket {
  machineNs: number;
  agentsNs: number;
}

async function round(receiver: number, agents: number[], { quick, sleep }: Context): Promise<PerPacket> {
  await sleep(SETTLE_MS);
  const agentsTime = (): number => agents.reduce((sum, pid) => sum + processCpuNs(pid), 0);
  const [packets, agentsBefore, from] = [receivedIn(receiver, 'eth0'), agentsTime(), machineTime()];
  await sleep(quick ? 1500 : 5000);
  const to = machineTime();
  const agentsNs = agentsTime() - agentsBefore;
  const arrived = receivedIn(receiver, 'eth0') - packets;
  const rate = arrived / ((to.timeNs - from.timeNs) / 1e9);
  if (Math.abs(rate / PACKETS_PER_SECOND - 1) > TOLERANCE) {
    throw new Error(`${Math.round(rate)} packets/s arrived instead of ${PACKETS_PER_SECOND}`);
  }
  return { machineNs: busyNs(from, to) / arrived, agentsNs: agentsNs / arrived };
}

const pidsOf = (lab: Lab, agents: Agents): number[] => lab.nodes.map(({ name }) => agents.process(name).pid!);

async function rounds(lab: Lab, receiver: number, context: Context): Promise<Record<'without' | 'with', PerPacket[]>> {
  const measured: Record<'without' | 'with', PerPacket[]> = { without: [], with: [] };
  for (const kind of interleave('without' as const, 'with' as const, context.quick ? 2 : 10)) {
    const agents = kind === 'with' ? await startAgents(lab) : undefined;
    try {
      measured[kind].push(await round(receiver, agents ? pidsOf(lab, agents) : [], context));
    } finally {
      await agents?.stop();
    }
  }
  return measured;
}

function figures({ without, with: watched }: Record<'without' | 'with', PerPacket[]>): Figure[] {
  const unit = 'ns/packet';
  const [a, b] = [without, watched].map((rounds) => rounds.map(({ machineNs }) => machineNs));
  return [
    { what: 'machine: without agents, sender and receiver included', unit, rounds: a },
    { what: 'machine: with an agent on both nodes', unit, rounds: b },
    { what: 'machine: more with agents', unit: '%', rounds: percentMore(a, b), goal: { value: 1, better: 'less' } },
    { what: 'machine: the two agents’ processes', unit, rounds: watched.map(({ agentsNs }) => agentsNs) },
  ];
}

export const machine: Benchmark = {
  name: 'machine',
  about: 'CPU time of the whole machine per packet at a fixed rate, without and with agents',
  run: (context) =>
    withLab(async (lab) => {
      const { from, to, address } = ends(lab);
      const server = await startIperfServer(lab, to);
      const bitsPerSecond = PACKETS_PER_SECOND * BYTES * 8;
      const sender = startSender(lab, from, ['iperf3', '--udp', '--client', address, '--time', '600', '--length', String(BYTES), '--bitrate', String(bitsPerSecond)]); // prettier-ignore
      try {
        return figures(await rounds(lab, server.pid!, context));
      } finally {
        dismiss(sender, server);
      }
    }),
};
