/** The rows of the path list: paths of one shape and service, each with a block of series. */
import type { PacketDrop } from '../../../agent/packets/packet.ts';
import { dropFacts } from '../../../agent/packets/read.ts';
import { flowAt, lastOf, type PathView } from '../../../agent/paths/view.ts';
import { labelWithPort, type Name } from '../../../agent/names/name.ts';
import { pathKey } from '../../../agent/trace/shape-key.ts';
import { namesOf, serviceOf, shapeOf, type Shape } from '../../../agent/trace/shape.ts';
import type { Subject } from '../../../agent/trace/filter.ts';
import type { Blocks } from './blocks.ts';
import type { Window } from './window.ts';

/** What a row is; its figures come apart from it. */
export interface RowShape extends Shape {
  id: number;
  /** For permalinks: readable, unique, the same when an agent starts again. */
  name: string;
  /** Port of the service; 0 without one. */
  service: number;
  /** Whether the service is who receives here. */
  isRequest: boolean;
  /** The way breaks off: what became of these packets, in words; empty where they arrived. */
  loss: string;
  isLost: boolean;
  /** Of those that were dropped: where and why. */
  drop: PacketDrop | undefined;
}

/** What very many rows have in common, the same object for all of them. */
export interface Way extends Pick<RowShape, 'segments' | 'isLost' | 'tunnelBytes'> {
  /** Node of each hop. */
  nodes: string[];
}

export interface Row {
  shape: RowShape;
  way: Way;
  /** First of its series: one for each segment. */
  base: number;
  /** Behind them: first of those of `Series`. */
  extras: number;
  /** Its ends (`pairOf`); and as the sender addressed them, where something translates that. */
  pair: number;
  asked: number;
  lastSecond: number;
  /** Inner bytes of its biggest wire packet, from the IP header on. */
  biggest: number;
  sourcePorts: number[];
  destinationPorts: number[];
  /** Made when a filter asks for the first time. */
  addresses?: Addresses;
}

/** Each address that a hop saw, once. */
interface Addresses {
  sources: string[];
  destinations: string[];
}

/** Behind the segments' series. `inner`: inner bytes of a wire packet; `bound` and `relative`: histograms of the total's
 * bounds, where they are known; `again`: TCP's bytes that passed the first hop before; `size`: of its wire packets. */
export const Series = {
  total: 0,
  joined: 1,
  bytes: 2,
  lost: 3,
  inner: 4,
  bound: 5,
  relative: 6,
  again: 7,
  size: 8,
} as const;
export const EXTRA_SERIES = 9;

export interface Rows {
  /** The row of this path, a new one if there is room. */
  of(view: PathView, loss: string): Row | undefined;
  all(): Iterable<Row>;
  get(id: number): Row | undefined;
  /** The row of this name (RowShape). */
  named(name: string): Row | undefined;
  count(): number;
  /** Forgets rows without a packet since that second; gives their ids. */
  forget(beforeSecond: number): number[];
  /** Paths that found no row. */
  left(): number;
}

export const MAX_ROWS = 100_000;
const MAX_PORTS = 64;
/** With more they are looked for anew: that costs memory only. */
const MAX_WAYS = 16_384;

/** What the row counts beside its segments (`Series`). */
export const seriesOf = (row: Row, extra: number): number => row.extras + extra;

export function createRows(blocks: Blocks): Rows {
  const rows = new Map<string, Row>();
  const byId = new Map<number, Row>();
  const byName = new Map<string, Row>();
  const oneWay = createWays();
  let nextId = 1;
  let left = 0;

  function create(view: PathView, loss: string, key: string): Row | undefined {
    const shape = shapeOf(view);
    const base = blocks.take(shape.segments.length + EXTRA_SERIES);
    if (base === undefined) return undefined;
    const { service, isRequest } = serviceOf(view);
    const id = nextId++;
    const isLost = loss !== '';
    const way = oneWay(wayOf({ ...shape, isLost }));
    const { segments } = way;
    const name = uniqueName({ ...shape, service, isRequest, isLost }, byName);
    const row: Row = {
      shape: { ...shape, segments, id, name, service, isRequest, loss, isLost, drop: dropFacts(view) },
      way, base, extras: base + segments.length, ...pairsOf({ ...shape, service, isRequest }), lastSecond: -Infinity, biggest: 0, sourcePorts: [], destinationPorts: [],
    }; // prettier-ignore
    rows.set(key, row);
    byId.set(id, row);
    byName.set(name, row);
    return row;
  }

  return {
    of(view, loss) {
      const key = pathKey(view, loss);
      const row = rows.get(key) ?? (rows.size < MAX_ROWS ? create(view, loss, key) : undefined);
      if (!row) left++;
      return row;
    },
    all: () => rows.values(),
    get: (id) => byId.get(id),
    named: (name) => byName.get(name),
    count: () => rows.size,
    forget(beforeSecond) {
      const old: number[] = [];
      for (const [key, row] of rows) {
        if (row.lastSecond >= beforeSecond) continue;
        rows.delete(key);
        byId.delete(row.shape.id);
        byName.delete(row.shape.name);
        blocks.give(row.base, row.shape.segments.length + EXTRA_SERIES);
        old.push(row.shape.id);
      }
      return old;
    },
    left: () => left,
  };
}

export const wayOf = ({ segments, hops, isLost, tunnelBytes }: Omit<Way, 'nodes'> & Pick<Shape, 'hops'>): Way => ({
  segments, isLost, tunnelBytes, nodes: hops.map(({ node }) => node),
}); // prettier-ignore

/** Those that are equal are one. */
function createWays(): (way: Way) => Way {
  const known = new Map<string, Way>();
  return (given) => {
    const { segments, nodes, isLost, tunnelBytes } = given;
    const names = segments.map(({ name, isSleeved }) => `${name} ${isSleeved}`);
    const key = `${names.join()} ${nodes.join()} ${isLost} ${tunnelBytes}`;
    if (known.size > MAX_WAYS) known.clear();
    const way = known.get(key) ?? given;
    known.set(key, way);
    return way;
  };
}

type Named = Shape & Pick<RowShape, 'service' | 'isRequest' | 'isLost'>;

/** The ends as addresses, with the service's port at whoever offers it. */
export const sourceAddress = ({ source, service, isRequest }: Omit<Labelled, 'destination' | 'ends'>): string =>
  service && !isRequest ? withPort(source, service) : source;

export const destinationAddress = ({ destination, service, isRequest }: Omit<Labelled, 'source' | 'ends'>): string =>
  service && isRequest ? withPort(destination, service) : destination;

type Labelled = Pick<Named, 'source' | 'destination' | 'ends' | 'service' | 'isRequest'>;

/** The same with names where they are known. */
export const sourceLabel = (shape: Labelled): string =>
  nameLabel(shape.ends.source, shape.isRequest ? 0 : shape.service) ?? sourceAddress(shape);

export const destinationLabel = (shape: Labelled): string =>
  nameLabel(shape.ends.destination, shape.isRequest ? shape.service : 0) ?? destinationAddress(shape);

const nameLabel = (name: Name | undefined, port: number): string | undefined => name && labelWithPort(name, port);

const withPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** A pair of ends as a number: of very many rows the texts would be counted too slowly, and two with the same number are not to be expected. */
export const pairOf = (ends: Omit<Labelled, 'ends'> & { protocol: string }): number =>
  hashOf(`${ends.protocol} ${sourceAddress(ends)} ${destinationAddress(ends)}`);

type Addressed = Parameters<typeof pairOf>[0] & Pick<RowShape, 'addressed'>;

export const pairsOf = (ends: Addressed): Pick<Row, 'pair' | 'asked'> => ({
  pair: pairOf(ends),
  asked: pairOf({ ...ends, destination: ends.addressed || ends.destination }),
});

/** In 52 bits. */
function hashOf(text: string): number {
  let [high, low] = [1, 2];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit ^ (high >>> 15), 0x85ebca6b);
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}

function uniqueName(shape: Named, taken: ReadonlyMap<string, unknown>): string {
  const marks = `${shape.isSuper ? '+offload' : ''}${shape.isLost ? '+lost' : ''}`;
  const name = `${shape.protocol}${marks}:${sourceAddress(shape)}>${destinationAddress(shape)}`;
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name}~${number}`;
  return unique;
}

export type Ports = Pick<Row, 'sourcePorts' | 'destinationPorts'>;

/** By how much the path's total may have moved of itself: what clocks between nodes allow. */
export function relativeBoundOf({ shape }: Row, { names, relativeBoundsNs }: PathView): number {
  let sum = 0;
  shape.segments.forEach((_, at) => {
    if (names[at] === 'wire') sum += relativeBoundsNs[at];
  });
  return sum;
}

/** Ports of the row's packets at their first and last hop, a bounded number of them. */
export function notePorts({ sourcePorts, destinationPorts }: Ports, view: PathView): void {
  for (const hop of [0, lastOf(view)]) {
    const frame = view.frames[hop];
    const flow = flowAt(view, hop);
    notePort(sourcePorts, frame.sourcePort[flow]);
    notePort(destinationPorts, frame.destinationPort[flow]);
  }
}

function notePort(ports: number[], port: number): void {
  if (ports.length < MAX_PORTS && !ports.includes(port)) ports.push(port);
}

/** What filters look at: a row stays when any of its packets would. Made of what a filter asks for, and no more. */
export const rowSubject = (row: Row, window: Window): Subject => ({
  protocol: row.shape.protocol,
  verdict: row.shape.verdict,
  sourcePorts: row.sourcePorts,
  destinationPorts: row.destinationPorts,
  get sources() {
    return addressesOf(row).sources;
  },
  get destinations() {
    return addressesOf(row).destinations;
  },
  get nodes() {
    return row.way.nodes;
  },
  get devices() {
    return row.shape.hops.map((hop) => hop.device);
  },
  get names() {
    return namesOf(row.shape.ends);
  },
  /** Of its fastest and of its slowest packet. */
  get latencyNs() {
    const total = seriesOf(row, Series.total);
    return { least: window.quantile(total, 0), most: window.quantile(total, 1) };
  },
});

function addressesOf(row: Row): Addresses {
  const { hops, source, destination } = row.shape;
  const addresses = (endpoints: string[]): string[] => [...new Set(endpoints)].map(addressPart);
  return (row.addresses ??= {
    sources: [...new Set([source, ...addresses(hops.map((hop) => hop.source))])],
    destinations: [...new Set([destination, ...addresses(hops.map((hop) => hop.destination))])],
  });
}

const addressPart = (endpoint: string): string =>
  endpoint.startsWith('[') ? endpoint.slice(1, endpoint.indexOf(']')) : endpoint.replace(/^([^:]+):\d+$/, '$1');
