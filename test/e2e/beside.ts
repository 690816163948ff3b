/** Our records of a device beside what tcpdump caught there: the same packets, in the same order, when. */
import { CLOCK_MONOTONIC, readClock } from '../../agent/kernel/memory.ts';
import { captureFile } from './capture.ts';
import { parseHeaders } from './matrix/headers.ts';
import { numberedProgram } from './matrix/program.ts';
import { readFrames, type Frame } from './matrix/packets.ts';
import type { Cluster } from './support.ts';
import { verdictMs, watch, type SeenPath } from './watch.ts';

const CLOCK_REALTIME = 0;

/** What the wall clock is ahead of CLOCK_MONOTONIC: the best of a few readings, within some 100 ns. */
export function clockDifferenceNs(): number {
  const readings = Array.from({ length: 50 }, () => {
    const before = readClock(CLOCK_MONOTONIC);
    const real = readClock(CLOCK_REALTIME);
    const gap = readClock(CLOCK_MONOTONIC) - before;
    return { gap, difference: real - before - gap / 2n };
  });
  const best = readings.reduce((least, each) => (each.gap < least.gap ? each : least));
  return Number(best.difference);
}

/** One record, and its packet as tcpdump had it. */
export interface Pair {
  flow: string;
  recordNs: number;
  /** On the records' clock. */
  capturedNs: number;
  /** Its place in the capture. */
  place: number;
}

export interface Beside {
  pairs: Pair[];
  /** Records of which the capture has no packet with this length, these ends and numbers. */
  missing: string[];
}

export interface Place {
  node: string;
  device: string;
  direction: 'ingress' | 'egress';
}

const VXLAN_BYTES = 50;

/** A packet's name for both: the ends, number and lengths of the inner packet, and the bytes of the whole frame. */
const keyOf = (source: string, destination: string, sequence: number, bytes: number): string =>
  `${source} > ${destination} ${sequence} ${bytes} bytes`;

/** What is caught at an uplink, by its inner packets. */
function byKey(frames: Frame[]): Map<string, { timeNs: number; place: number }[]> {
  const found = new Map<string, { timeNs: number; place: number }[]>();
  frames.forEach(({ content, timeNs, bytes }, place) => {
    const inner = parseHeaders(content.subarray(VXLAN_BYTES));
    if (!inner) return;
    const key = keyOf(inner.source, inner.destination, inner.protocol === 6 ? inner.sequence : inner.id, bytes);
    found.set(key, [...(found.get(key) ?? []), { timeNs, place }]);
  });
  return found;
} // prettier-ignore

/** Every record that paths hold of a place, each with its packet. */
export function besideCapture(paths: SeenPath[], place: Place, frames: Frame[], clockNs: number): Beside {
  const caught = byKey(frames);
  const beside: Beside = { pairs: [], missing: [] };
  for (const { hops, records } of paths) {
    hops.forEach((hop, i) => {
      if (hop.node !== place.node || hop.device !== place.device || hop.direction !== place.direction) return;
      const key = keyOf(hop.source, hop.destination, records[i].sequence, hop.bytes);
      const recordNs = records[i].timeNs;
      const apart = (each: { timeNs: number }): number => Math.abs(each.timeNs - clockNs - recordNs);
      const [first, ...rest] = caught.get(key) ?? [];
      if (!first) return void beside.missing.push(key);
      const nearest = rest.reduce((best, each) => (apart(each) < apart(best) ? each : best), first);
      const flow = `${hop.source} > ${hop.destination}`;
      beside.pairs.push({ flow, recordNs, capturedNs: nearest.timeNs - clockNs, place: nearest.place });
    });
  }
  return beside;
}

/** Pairs of neighbours in our order, within one flow, that the capture has the other way round. */
export function outOfOrder(pairs: Pair[]): number {
  const last = new Map<string, number>();
  let count = 0;
  for (const { flow, place } of pairs.toSorted((a, b) => a.recordNs - b.recordNs || a.place - b.place)) {
    if (place < (last.get(flow) ?? -1)) count++;
    last.set(flow, place);
  }
  return count;
}

/** How much later our record was written than tcpdump's time stamp. */
export const delaysNs = (pairs: Pair[]): number[] => pairs.map(({ recordNs, capturedNs }) => recordNs - capturedNs);

/** Numbered traffic between the first pods of two nodes, with tcpdump and us at one place of its way. */
export async function watchBeside(cluster: Cluster, place: Place, send: string[]): Promise<Beside> {
  const end = await captureFile(cluster.lab, place.node, ['-s', '256', 'udp', 'port', '8472'], place.device);
  const before = clockDifferenceNs();
  const seen = await watch(
    cluster,
    () => cluster.lab.exec('web', [numberedProgram, 'send', '-to', cluster.lab.pod('api').ip, ...send]),
    { verdictMs },
  );
  const clockNs = (before + clockDifferenceNs()) / 2;
  return besideCapture(seen.paths, place, readFrames(await end()), clockNs);
}
