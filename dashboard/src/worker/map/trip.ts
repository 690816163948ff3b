/** A row's way over the map: from whom, over which devices, to whom. */
import { labelOf, type Name } from '../../../../agent/names/name.ts';
import type { ShapeHop } from '../../../../agent/trace/shape.ts';
import type { DeviceKind } from '../../../../agent/wire/messages.ts';
import { translations } from '../../lib/labels.ts';
import type { RowShape } from '../rows.ts';
import { createOneOf } from './one-of.ts';

export interface End {
  /** Empty where no agent and no name tells. */
  node: string;
  kind: 'pod' | 'host' | 'outside';
  name: Name | undefined;
  address: string;
  /** Of the pod on its node; empty where none was seen. */
  device: string;
}

export interface Stop {
  node: string;
  device: string;
  kind: DeviceKind;
}

export type Vertex = End | Stop;
export const isEnd = (vertex: Vertex): vertex is End => 'address' in vertex;

export interface Step {
  from: Vertex;
  to: Vertex;
  /** The row's segment; -1: between an end that no hop saw and the hop beside it. */
  segment: number;
  isWire: boolean;
  isTunnel: boolean;
  /** What is translated there; empty: nothing. */
  nat: string;
}

export interface Trip {
  steps: Step[];
  /** The devices of each node as packets leave it. */
  outward: Stop[];
  /** Where it breaks off. */
  loss: { at: Vertex; isOutward: boolean } | undefined;
}

const keyOf = (vertex: Vertex): string =>
  isEnd(vertex)
    ? `${vertex.node} ${vertex.kind} ${vertex.address} ${vertex.device} ${vertex.name?.id}`
    : `${vertex.node} ${vertex.device} ${vertex.kind}`;

const oneVertex = createOneOf(keyOf);
const oneStep = createOneOf(
  ({ from, to, segment, isWire, isTunnel, nat }: Step) =>
    `${keyOf(from)} ${keyOf(to)} ${segment} ${isWire} ${isTunnel} ${nat}`,
);
const oneList = createOneOf((stops: Stop[]) => stops.map(keyOf).join());

const trips = new WeakMap<RowShape, Trip>();

/** A shape never changes, so its trip is made once. What other trips have too is the same object. */
export function tripOf(shape: RowShape): Trip {
  let trip = trips.get(shape);
  if (!trip) trips.set(shape, (trip = makeTrip(shape)));
  return trip;
}

function makeTrip(shape: RowShape): Trip {
  const { hops, isLost } = shape;
  const [first, last] = [hops[0], hops[hops.length - 1]];
  const stops: Vertex[] = hops.map(({ node, device, kind }) => ({ node, device, kind }));
  if (first.kind === 'pod') stops[0] = sourceEnd(shape);
  if (last.kind === 'pod' && hops.length > 1) stops[hops.length - 1] = destinationEnd(shape);
  const vertices = stops.map(oneVertex);
  const steps = vertices.slice(1).map((to, segment) => stepOf(shape, vertices[segment], to, segment));
  if (first.kind !== 'pod') steps.unshift(unseen(oneVertex(sourceEnd(shape)), vertices[0]));
  if (last.kind !== 'pod' && !isLost) steps.push(unseen(vertices[hops.length - 1], oneVertex(destinationEnd(shape))));
  return {
    steps: steps.map(oneStep),
    outward: oneList(outwardOf(vertices.filter((vertex): vertex is Stop => !isEnd(vertex)), hops)),
    loss: isLost ? { at: vertices[hops.length - 1], isOutward: isOutward(last) } : undefined,
  }; // prettier-ignore
}

const unseen = (from: Vertex, to: Vertex): Step => ({
  from, to, segment: -1, isWire: from.node !== to.node, isTunnel: false, nat: '',
}); // prettier-ignore

function stepOf({ segments, hops, ends }: RowShape, from: Vertex, to: Vertex, segment: number): Step {
  const { isWire, isSleeved } = segments[segment];
  const [translated] = translations(hops.slice(segment, segment + 2));
  const service = ends.addressed ?? ends.answering;
  const nat = (translated as { text: string } | undefined)?.text ?? '';
  return { from, to, segment, isWire, isTunnel: isSleeved, nat: nat && service ? labelOf(service) : nat };
}

const sourceEnd = ({ hops: [hop], ends: { source: name }, source: address }: RowShape): End =>
  endOf(hop, name, address, isComing(hop));

function destinationEnd({ hops, ends: { destination: name }, destination: address, isHanded }: RowShape): End {
  const hop = hops[hops.length - 1];
  if (isHanded) return { node: hop.node, kind: 'pod', name, address, device: '' };
  return endOf(hop, name, address, !isComing(hop));
}

const isComing = ({ direction }: ShapeHop): boolean => direction === 'ingress' || direction === 'receive';
const leadsOut = ({ kind }: ShapeHop): boolean => kind !== 'bridge' && kind !== 'pod' && kind !== 'veth';

/** @param isBeyond the end is on the device's far side, as seen from the node */
function endOf(hop: ShapeHop, name: Name | undefined, address: string, isBeyond: boolean): End {
  if (hop.kind === 'pod') return { node: hop.node, kind: 'pod', name, address, device: hop.device };
  if (isBeyond && leadsOut(hop)) return { node: name?.node ?? '', kind: elsewhere(name), name, address, device: '' };
  return { node: hop.node, kind: isBeyond || name?.kind === 'pod' ? 'pod' : 'host', name, address, device: '' };
}

const elsewhere = (name: Name | undefined): End['kind'] =>
  name?.kind === 'pod' ? 'pod' : name?.kind === 'node' ? 'host' : 'outside';

/** On the way away from the pods; through what leads to them a packet comes in when it leaves. */
const isOutward = (hop: ShapeHop): boolean => leadsOut(hop) !== isComing(hop);

/** Of an incoming packet the other way round. */
function outwardOf(stops: Stop[], hops: readonly ShapeHop[]): Stop[] {
  const isLeaving = (node: string): boolean => hops.find((hop) => hop.node === node && isOutward(hop)) !== undefined;
  const leaving = stops.filter(({ node }) => isLeaving(node));
  return [...leaving, ...stops.filter(({ node }) => !isLeaving(node)).reverse()];
}
