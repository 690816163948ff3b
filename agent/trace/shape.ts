/** What paths of one kind have in common: their ends, hops, segments and class of packets. No figures. */
import { labelOf, type Ends, type Name } from '../names/name.ts';
import { formatAddress, formatEndpoint } from '../paths/addresses.ts';
import type { SegmentName } from '../paths/segments.ts';
import { flowAt, lastOf, type PathView, type Verdict } from '../paths/view.ts';
import { directionName, type HopDirection, protocolName, tunnelName } from '../paths/words.ts';
import type { DeviceKind } from '../wire/messages.ts';
import { everything, type Filter, type Subject } from './filter.ts';

export interface ShapeHop {
  node: string;
  device: string;
  kind: DeviceKind;
  direction: HopDirection;
  /** Addresses of the inner packet as this hop saw them: where they change, something translated. */
  source: string;
  destination: string;
}

export interface Shape {
  /** Addresses; who has them stands in `ends`. */
  source: string;
  destination: string;
  ends: Ends;
  /** What the source addressed, where that is not who got it. */
  addressed: string;
  /** An ICMP error is called so, and says what it is about. */
  protocol: string;
  /** Super-packets and single segments share no percentile: the comparison would measure offloads. */
  isSuper: boolean;
  verdict: Verdict;
  /** Redirected past the pod's own device: the last hop that we see is not the last there is. */
  isHanded: boolean;
  hops: ShapeHop[];
  segments: { name: SegmentName; isSleeved: boolean; isWire: boolean }[];
  tunnel: string;
  tunnelBytes: number;
}

const sleeved = new Set(['encap', 'wire', 'decap']);

export const sourceOf = (view: PathView, hop: number): string =>
  formatAddress(view.frames[hop].source, 4 * flowAt(view, hop));
export const destinationOf = (view: PathView, hop: number): string =>
  formatAddress(view.frames[hop].destination, 4 * flowAt(view, hop));

export const deviceName = (view: PathView, hop: number): string =>
  view.devices[hop]?.name ?? `if${view.frames[hop].ifindex[view.rows[hop]]}`;

/** Those at the ends that are known, for filters. */
export const namesOf = ({ source, destination, addressed, answering }: Ends): Name[] =>
  [source, destination, addressed, answering].filter((name) => name !== undefined);

/** The pod, Service or node in words, or its address where nobody named it. */
export const endLabel = (name: Name | undefined, address: string): string => (name ? labelOf(name) : address);

/** Both ends and the nodes between them: `web-7f9 ▶ api-2c1 (as api)  n1 → n2`. */
export function whoOf(
  path: Pick<Shape, 'source' | 'destination' | 'addressed' | 'ends'> & { hops: { node: string }[] },
): string {
  const { source, destination, addressed } = path.ends;
  const as = path.addressed && ` (as ${endLabel(addressed, path.addressed)})`;
  const nodes = [...new Set(path.hops.map((hop) => hop.node))].join(' → ');
  return `${endLabel(source, path.source)} ▶ ${endLabel(destination, path.destination)}${as}  ${nodes}`;
}

/** Whether a filter lets a path through; who wants all needs no subject. */
export const passes = (filter: Filter, view: PathView): boolean => filter === everything || filter(subjectOf(view));

/** What filters look at. */
export function subjectOf(view: PathView): Subject {
  const latencyNs = { least: view.totalNs, most: view.totalNs };
  const subject: Subject = {
    protocol: protocolName(view.protocol), sources: [], destinations: [], sourcePorts: [], destinationPorts: [],
    nodes: [], devices: [], names: namesOf(view.ends), verdict: view.verdict, latencyNs,
  }; // prettier-ignore
  for (let hop = 0; hop <= lastOf(view); hop++) {
    const flow = flowAt(view, hop);
    const frame = view.frames[hop];
    subject.sources.push(sourceOf(view, hop));
    subject.destinations.push(destinationOf(view, hop));
    subject.sourcePorts.push(frame.sourcePort[flow]);
    subject.destinationPorts.push(frame.destinationPort[flow]);
    subject.nodes.push(view.streams[hop].name);
    subject.devices.push(deviceName(view, hop));
  }
  return subject;
}

/** Linux hands out ports from here on to those who connect. */
const EPHEMERAL = 32_768;

/** The port that is not the caller's; 0 where that cannot be told. */
export function serviceOf(view: PathView): { service: number; isRequest: boolean } {
  const frame = view.frames[0];
  const flow = flowAt(view, 0);
  const source = frame.sourcePort[flow];
  const destination = frame.destinationPort[flow];
  if (destination > 0 && destination < EPHEMERAL && (source >= EPHEMERAL || destination < source)) {
    return { service: destination, isRequest: true };
  }
  if (source > 0 && source < EPHEMERAL) return { service: source, isRequest: false };
  return { service: 0, isRequest: true };
}

const withoutPort = (endpoint: string): string => endpoint.replace(/^\[(.*)\]:\d+$|^([\d.]+):\d+$/, '$1$2');

/** Without ports: errors about many connections are of one kind. */
export function protocolOf({ protocol, cause }: PathView): string {
  if (!cause) return protocolName(protocol);
  const about = cause.source === null ? '' : ` about ${cause.protocol} ${withoutPort(cause.source)} ▶ ${withoutPort(cause.destination!)}`;
  return `${protocolName(protocol)} error${about}`;
} // prettier-ignore

export function shapeOf(view: PathView): Shape {
  const last = lastOf(view);
  const destination = destinationOf(view, last);
  const addressed = destinationOf(view, 0);
  return {
    source: sourceOf(view, 0),
    destination,
    addressed: addressed === destination ? '' : addressed,
    ends: { ...view.ends },
    protocol: protocolOf(view),
    isSuper: view.wirePackets > 1,
    verdict: view.verdict,
    isHanded: view.verdict === 'handed',
    hops: hopsOf(view),
    segments: Array.from({ length: Math.max(0, view.hopCount - 1) }, (_, at) => ({
      name: view.names[at],
      isSleeved: view.tunnel > 0 && sleeved.has(view.names[at]),
      isWire: view.names[at] === 'wire',
    })),
    tunnel: tunnelName(view.tunnel),
    tunnelBytes: view.tunnelBytes,
  };
}

function hopsOf(view: PathView): ShapeHop[] {
  const hops: ShapeHop[] = [];
  for (let hop = 0; hop < view.hopCount; hop++) hops.push(hopOf(view, hop, hops[hop - 1]));
  return hops;
}

/** @param before where nothing was translated since, what it holds serves again: of many paths that is much */
function hopOf(view: PathView, hop: number, before: ShapeHop | undefined): ShapeHop {
  const frame = view.frames[hop];
  const flow = flowAt(view, hop);
  const source = formatEndpoint(sourceOf(view, hop), frame.sourcePort[flow]);
  const destination = formatEndpoint(destinationOf(view, hop), frame.destinationPort[flow]);
  return {
    node: view.streams[hop].name,
    device: deviceName(view, hop),
    kind: view.devices[hop]?.kind ?? 'other',
    direction: directionName(frame.direction[view.rows[hop]]),
    source: source === before?.source ? before.source : source,
    destination: destination === before?.destination ? before.destination : destination,
  };
}
