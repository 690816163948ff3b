/** A path as `trace --json` prints it: public and documented, one object a line. */
import { formatAddress, formatEndpoint } from './addresses.ts';
import type { Cause } from './cause.ts';
import type { Drop } from './drops.ts';
import type { Name } from '../names/name.ts';
import { flowAt, lastOf, type PathView, type Verdict } from './view.ts';
import { directionName, identityText, type HopDirection, protocolName, tunnelName } from './words.ts';

export interface JsonEnd {
  ip: string;
  /** null where the protocol has none. */
  port: number | null;
  /** By names files and Kubernetes: null where nobody said. */
  pod: string | null;
  namespace: string | null;
  workload: string | null;
  /** By which the other end knows it. */
  service: string | null;
  node: string | null;
}

export interface JsonHop {
  node: string;
  device: string;
  kind: string;
  direction: HopDirection;
  timeNs: number | null;
  source: string;
  destination: string;
  bytes: number;
  wirePackets: number;
}

export interface JsonSegment {
  name: string;
  from: number;
  to: number;
  durationNs: number | null;
  boundNs: number | null;
  relativeBoundNs: number | null;
}

export interface JsonPath {
  type: 'path';
  identity: string;
  protocol: string;
  source: JsonEnd;
  destination: JsonEnd;
  hops: JsonHop[];
  segments: JsonSegment[];
  encapsulation: { protocol: string; bytes: number } | null;
  totalNs: number | null;
  boundNs: number | null;
  verdict: Verdict;
  drop: JsonDrop | null;
  /** Of a vanished packet: an XDP program sits at the device where it should have come next, and may have dropped it. */
  xdp: { node: string; device: string; mode: string } | null;
  ambiguous: boolean;
  /** Of an ICMP error: the packet that caused it. */
  cause: Cause | null;
}

/** `reason` is the kernel's own name, `symbol` the function that freed the packet, `hook` of netfilter where it was in one. */
export interface JsonDrop {
  reason: string;
  symbol: string;
  hook: string | null;
  node: string;
  device: string | null;
  inPod: boolean;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** The path as an object of its own. */
export function toJson(view: PathView): JsonPath {
  const indices = Array.from({ length: view.hopCount }, (_, hop) => hop);
  return {
    type: 'path',
    identity: identityText(view.identityLow, view.identityHigh),
    protocol: protocolName(view.protocol),
    source: endOf(view, 0, 'source', view.hasEntry, view.ends.answering),
    destination: endOf(view, lastOf(view), 'destination', view.hasLast, view.ends.addressed),
    hops: indices.map((hop) => hopOf(view, hop)),
    segments: indices.slice(1).map((hop) => segmentOf(view, hop - 1)),
    encapsulation: view.tunnel ? { protocol: tunnelName(view.tunnel), bytes: view.tunnelBytes } : null,
    totalNs: orNull(view.totalNs),
    boundNs: orNull(view.totalBoundNs),
    verdict: view.verdict,
    drop: view.drop ? dropOf(view.drop) : null,
    xdp: view.xdp ? { node: view.xdp.stream.name, device: view.xdp.device.name, mode: view.xdp.device.xdp! } : null,
    ambiguous: view.ambiguous,
    cause: view.cause,
  };
}

export const dropOf = ({ reason, symbol, hook, stream, device, inPod }: Drop): JsonDrop => ({
  reason, symbol, hook, node: stream.name, device: device?.name ?? null, inPod,
}); // prettier-ignore

function addressAt(view: PathView, hop: number, end: 'source' | 'destination'): { ip: string; port: number } {
  const frame = view.frames[hop];
  const flow = flowAt(view, hop);
  const port = end === 'source' ? frame.sourcePort[flow] : frame.destinationPort[flow];
  return { ip: formatAddress(frame[end], 4 * flow), port };
}

function endOf(
  view: PathView,
  hop: number,
  end: 'source' | 'destination',
  isHere: boolean,
  service: Name | undefined,
): JsonEnd {
  const { ip, port } = addressAt(view, hop, end);
  const name = view.ends[end];
  const node = isHere ? view.streams[hop].name : (name?.node ?? null);
  return { ip, port: port || null, ...podOf(name, service), service: service?.name ?? null, node };
}

/** A Service's namespace stands in where the pod behind it is not known: they have the same. */
const podOf = (name: Name | undefined, service: Name | undefined): Pick<JsonEnd, 'pod' | 'namespace' | 'workload'> => ({
  pod: name?.kind === 'pod' ? name.name : null,
  namespace: name?.namespace ?? service?.namespace ?? null,
  workload: name?.workload ?? null,
});

function hopOf(view: PathView, hop: number): JsonHop {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  const device = view.devices[hop];
  const source = addressAt(view, hop, 'source');
  const destination = addressAt(view, hop, 'destination');
  return {
    node: view.streams[hop].name,
    device: device?.name ?? `if${frame.ifindex[row]}`,
    kind: device?.kind ?? 'other',
    direction: directionName(frame.direction[row]),
    timeNs: orNull(view.timesNs[hop]),
    source: formatEndpoint(source.ip, source.port),
    destination: formatEndpoint(destination.ip, destination.port),
    bytes: frame.bytes[row],
    wirePackets: frame.wirePackets[row],
  };
}

function segmentOf(view: PathView, at: number): JsonSegment {
  return {
    name: view.names[at],
    from: at,
    to: at + 1,
    durationNs: orNull(view.durationsNs[at]),
    boundNs: orNull(view.boundsNs[at]),
    relativeBoundNs: orNull(view.relativeBoundsNs[at]),
  };
}
