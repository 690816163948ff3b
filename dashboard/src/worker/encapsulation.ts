/** What encapsulation costs: the path in focus, what it would be under other backends, and each node. */
import { createHistogram, quantile } from '../../../agent/histogram/histogram.ts';
import { costsOf, isOverV6, type Cost, type Sized } from '../../../agent/paths/encapsulation-cost.ts';
import type { Stream } from '../../../agent/paths/streams.ts';
import { seriesOf, Series, type Row } from './rows.ts';
import { sizesOf } from './sizes.ts';
import type { Window } from './window.ts';

export interface PathEncapsulation {
  costs: Cost[];
  /** Wire packets a second that the sample stands for. */
  packetsPerSecond: number;
  addedPerSecond: number;
  /** Of the pod's device and the least of the uplinks on the way; NaN unknown. */
  podMtu: number;
  uplinkMtu: number;
  /** So far, from the inner IP header on. */
  biggest: number;
}

export interface NodeEncapsulation {
  name: string;
  /** Of what leaves it. */
  addedPerSecond: number;
  share: number;
  /** NaN where nothing was measured. */
  encapP50Ns: number;
  encapP99Ns: number;
  decapP50Ns: number;
  decapP99Ns: number;
}

type Streams = readonly (Stream | undefined)[];

export function pathEncapsulation(row: Row, window: Window, seconds: number, streams: Streams): PathEncapsulation {
  const sizes = sizesOf([window.counts(seriesOf(row, Series.size))]);
  const { hops, tunnelBytes } = row.shape;
  const mtuAt = (kinds: readonly string[]): number[] =>
    hops.filter(({ kind }) => kinds.includes(kind)).map(({ node, device }) => mtuOf(streams, node, device));
  const uplinkMtu = least(mtuAt(['uplink', 'physical']));
  const packets = packetsIn(sizes);
  return {
    costs: costsOf(sizes, isOverV6(tunnelBytes), Number.isNaN(uplinkMtu) ? Infinity : uplinkMtu),
    packetsPerSecond: packets / seconds,
    addedPerSecond: (packets * tunnelBytes) / seconds,
    podMtu: least(mtuAt(['pod'])),
    uplinkMtu,
    biggest: row.biggest,
  };
}

const packetsIn = (sizes: readonly Sized[]): number => sizes.reduce((all, { packets }) => all + packets, 0);
const least = (values: number[]): number => (values.length > 0 ? Math.min(...values) : NaN);

function mtuOf(streams: Streams, node: string, device: string): number {
  const stream = streams.find((candidate) => candidate?.name === node);
  for (const { name, mtu } of stream?.devices.values() ?? []) if (name === device) return mtu;
  return NaN;
}

/** Nodes that put anything into a tunnel, or take it out. */
export function nodeEncapsulation(rows: readonly Row[], window: Window, seconds: number): NodeEncapsulation[] {
  const tunnelled = rows.filter(({ shape }) => shape.tunnelBytes > 0);
  const names = new Set(tunnelled.flatMap((row) => [...worksOf(row)].map(({ node }) => node)));
  return [...names].sort().map((name) => {
    const sending = tunnelled.filter((row) => [...worksOf(row)].some(({ work, node }) => work === 'encap' && node === name)); // prettier-ignore
    let [added, inner] = [0, 0];
    for (const row of sending) {
      const sizes = sizesOf([window.counts(seriesOf(row, Series.size))]);
      added += packetsIn(sizes) * row.shape.tunnelBytes;
      inner += sizes.reduce((all, { bytes, packets }) => all + (bytes + LINK_BYTES) * packets, 0);
    }
    const times = (work: string) => timesOf(tunnelled, window, work, name);
    const [encap, decap] = [times('encap'), times('decap')];
    return {
      name, addedPerSecond: added / seconds, share: inner > 0 ? added / inner : NaN,
      encapP50Ns: quantile(encap, 0.5), encapP99Ns: quantile(encap, 0.99),
      decapP50Ns: quantile(decap, 0.5), decapP99Ns: quantile(decap, 0.99),
    }; // prettier-ignore
  });
}

const LINK_BYTES = 14;

function* worksOf({ shape, base }: Row): Iterable<{ work: string; node: string; series: number }> {
  for (const [at, { name }] of shape.segments.entries()) {
    if (name === 'encap' || name === 'decap') yield { work: name, node: shape.hops[at].node, series: base + at };
  }
}

/** All of a node's together: counts of buckets may be added, percentiles may not. */
function timesOf(rows: readonly Row[], window: Window, work: string, node: string) {
  const all = { ...createHistogram(), min: 0, max: Infinity };
  for (const row of rows) {
    for (const one of worksOf(row)) {
      if (one.work !== work || one.node !== node) continue;
      const counts = window.counts(one.series);
      if (!counts) continue;
      if (counts.length > all.counts.length) {
        const longer = new Float64Array(counts.length);
        longer.set(all.counts);
        all.counts = longer;
      }
      counts.forEach((count, bucket) => (all.counts[bucket] += count));
      all.count += window.count(one.series);
    }
  }
  return all;
}
