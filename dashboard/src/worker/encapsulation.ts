/** What encapsulation costs: the path in focus, what it would be under other backends, and each node. */
import { costsOf, isOverV6, type Cost, type Sized } from '../../../agent/paths/encapsulation-cost.ts';
import { ETHERNET_BYTES } from '../../../agent/paths/header-bytes.ts';
import type { Stream } from '../../../agent/paths/streams.ts';
import { seriesOf, Series, type Row, type Way } from './rows.ts';
import { sizesOf, sumOfSizes } from './sizes.ts';
import type { Window } from './window.ts';

export interface PathEncapsulation {
  costs: Cost[];
  /** Wire packets a second that the sample stands for. */
  packetsPerSecond: number;
  addedPerSecond: number;
  /** Of the pod's device and the least of the uplinks on the way; NaN unknown. */
  podMtu: number;
  uplinkMtu: number;
  /** The device on the way with the least; undefined if none is known. */
  narrowest: { where: string; mtu: number } | undefined;
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
  const sizes = sizesOf(window, seriesOf(row, Series.size));
  const { hops, tunnelBytes } = row.shape;
  const mtus = hops.map(({ kind, node, device }) => ({ kind, where: `${node} ${device}`, mtu: mtuOf(streams, node, device) })); // prettier-ignore
  const mtuAt = (kinds: readonly string[]): number[] =>
    mtus.filter(({ kind }) => kinds.includes(kind)).map(({ mtu }) => mtu);
  const uplinkMtu = least(mtuAt(['uplink', 'physical']));
  const packets = packetsIn(sizes);
  return {
    costs: costsOf(sizes, isOverV6(tunnelBytes), Number.isNaN(uplinkMtu) ? Infinity : uplinkMtu),
    packetsPerSecond: packets / seconds,
    addedPerSecond: (packets * tunnelBytes) / seconds,
    podMtu: least(mtuAt(['pod'])),
    uplinkMtu,
    narrowest: mtus.filter(({ mtu }) => !Number.isNaN(mtu)).sort((a, b) => a.mtu - b.mtu)[0],
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

/** What a node does for tunnels: bytes of what it sends through them, and the series of its times. */
interface Work {
  added: number;
  inner: number;
  encap: number[];
  decap: number[];
}

/** Nodes that put anything into a tunnel, or take it out. */
export function nodeEncapsulation(rows: readonly Row[], window: Window, seconds: number): NodeEncapsulation[] {
  const nodes = new Map<string, Work>();
  const parts = new Map<Way, Part>();
  for (const row of rows) {
    if (!(row.way.tunnelBytes > 0)) continue;
    let part = parts.get(row.way);
    if (!part) parts.set(row.way, (part = partOf(nodes, row.way)));
    addRow(part, row, window);
  }
  return [...nodes].sort(byName).map(([name, { added, inner, encap, decap }]) => {
    const [encapP50Ns, encapP99Ns] = window.quantiles(encap, [0.5, 0.99]);
    const [decapP50Ns, decapP99Ns] = window.quantiles(decap, [0.5, 0.99]);
    return {
      name, addedPerSecond: added / seconds, share: inner > 0 ? added / inner : NaN,
      encapP50Ns, encapP99Ns, decapP50Ns, decapP99Ns,
    }; // prettier-ignore
  });
}

const byName = ([a]: [string, Work], [b]: [string, Work]): number => (a < b ? -1 : 1);

/** Who does something for the tunnel on a way, at which segment; and who sends through it, each once. */
interface Part {
  encap: { at: number; work: Work }[];
  decap: { at: number; work: Work }[];
  senders: Work[];
}

function partOf(works: Map<string, Work>, { segments, nodes }: Way): Part {
  const at = (wanted: string): Part['encap'] =>
    segments.flatMap(({ name }, at) => (name === wanted ? [{ at, work: workOf(works, nodes[at]) }] : []));
  const encap = at('encap');
  return { encap, decap: at('decap'), senders: [...new Set(encap.map(({ work }) => work))] };
}

function addRow({ encap, decap, senders }: Part, row: Row, window: Window): void {
  for (const { at, work } of encap) work.encap.push(row.base + at);
  for (const { at, work } of decap) work.decap.push(row.base + at);
  if (senders.length === 0) return;
  const { bytes, packets } = sumOfSizes(window, seriesOf(row, Series.size));
  for (const work of senders) {
    work.added += packets * row.way.tunnelBytes;
    work.inner += bytes + ETHERNET_BYTES * packets;
  }
}

function workOf(nodes: Map<string, Work>, node: string): Work {
  let work = nodes.get(node);
  if (!work) nodes.set(node, (work = { added: 0, inner: 0, encap: [], decap: [] }));
  return work;
}
