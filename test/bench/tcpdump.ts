/** When tcpdump and we see the same packets at the same device. That they are the same is demanded, not measured. */
import { readFileSync, writeFileSync } from 'node:fs';
import { delaysNs, outOfOrder, watchBeside, type Place } from '../e2e/beside.ts';
import { startReceiver } from '../e2e/matrix/traffic.ts';
import { startCluster, type Cluster } from '../e2e/support.ts';
import type { Benchmark, Context, Figure } from './figure.ts';
import { spreadOf } from './statistics.ts';

const AGENTS = { args: ['--budget', '200000', '--sample', '0'] };
const TRAFFIC = ['-tcp', 'requests', '-datagrams', 'udp', '-others', 'echo', '-flows', '4'];
const INGRESS: Place = { node: 'n2', device: 'eth0', direction: 'ingress' };
const EGRESS: Place = { node: 'n1', device: 'eth0', direction: 'egress' };

/** By how much our record is later than tcpdump's time, as medians of rounds. */
async function rounds(cluster: Cluster, place: Place, { quick, signal }: Context): Promise<number[]> {
  const medians: number[] = [];
  for (let round = 0; round < (quick ? 2 : 8); round++) {
    signal.throwIfAborted();
    const { pairs, missing } = await watchBeside(cluster, place, [...TRAFFIC, '-for', quick ? '500ms' : '1500ms']);
    if (missing.length > 0) throw new Error(`tcpdump did not catch ${missing.length} packets, as ${missing[0]}`);
    if (pairs.length === 0 || outOfOrder(pairs) > 0) throw new Error(`${outOfOrder(pairs)} of ${pairs.length} in another order`);
    medians.push(spreadOf(delaysNs(pairs)).median);
  }
  return medians;
} // prettier-ignore

/** A queue before the driver: our hook is before it, tcpdump's behind. */
const QUEUE = ['tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', 'rate', '8mbit', 'burst', '2000', 'limit', '200000'];

/**
 * Where the kernel stamps received packets for tcpdump: 1, as they come, before they wait in the processor's backlog; 0,
 * when their processing begins, as for us. It holds for the whole machine.
 */
const STAMPED_EARLY = '/proc/sys/net/core/netdev_tstamp_prequeue';

async function stamped(early: '0' | '1', cluster: Cluster, context: Context): Promise<number[]> {
  const usual = readFileSync(STAMPED_EARLY, 'utf8');
  writeFileSync(STAMPED_EARLY, early);
  try {
    return await rounds(cluster, INGRESS, context);
  } finally {
    writeFileSync(STAMPED_EARLY, usual);
  }
}

async function measure(cluster: Cluster, context: Context): Promise<Figure[]> {
  const early = await stamped('1', cluster, context);
  const ingress = await stamped('0', cluster, context);
  const egress = await rounds(cluster, EGRESS, context);
  await cluster.lab.exec(EGRESS.node, QUEUE);
  const queued = await rounds(cluster, EGRESS, context);
  const before = (medians: number[]): number[] => medians.map((medianNs) => -medianNs);
  return [
    { what: 'tcpdump: our time behind tcpdump’s, ingress of an uplink', unit: 'ns', rounds: ingress, goal: { value: 1000, better: 'less' } },
    { what: 'tcpdump: the same with its stamp from before the backlog, as is usual', unit: 'ns', rounds: early },
    { what: 'tcpdump: our time before tcpdump’s, egress of an uplink', unit: 'ns', rounds: before(egress) },
    { what: 'tcpdump: the same behind a tbf of 8 Mbit/s, whose wait lies between', unit: 'ns', rounds: before(queued) },
  ];
} // prettier-ignore

export const tcpdump: Benchmark = {
  name: 'tcpdump',
  about: 'our times beside tcpdump’s at the same device, of the same packets in the same order',
  async run(context) {
    await using cluster = await startCluster('flannel-vxlan', { agents: AGENTS });
    await startReceiver(cluster.lab, 'api');
    return await measure(cluster, context);
  },
};
