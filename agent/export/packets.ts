/** What a file of packets holds of a path: one packet for each hop, one more where it was dropped. */
import { parseAddress } from '../paths/addresses.ts';
import type { Drop } from '../paths/drops.ts';
import { ETHERNET_BYTES, Protocol } from '../paths/header-bytes.ts';
import type { LegsFrame } from '../paths/legs-frame.ts';
import type { KnownDevice, Stream } from '../paths/streams.ts';
import { lastOf, type PathView } from '../paths/view.ts';
import { Direction, directionName, isDrop } from '../paths/words.ts';
import { describeLoss } from '../trace/losses.ts';
import { headersOf, type Address, type InnerPacket, type OuterPacket } from './headers.ts';
import { LinkType, Way } from './pcapng-blocks.ts';

/** Where packets are seen: one device of one node. */
export interface Place {
  key: string;
  node: string;
  device: string;
  kind: string;
  linkType: number;
  mac: string;
}

export interface PlacedPacket {
  place: Place;
  bytes: Uint8Array;
  originalBytes: number;
  way: number;
  comment: string;
}

const VXLAN_PORT = 4789;

/** Devices whose packets begin with their IP header. A gretap is of the same kind as a gre, and carries Ethernet. */
const rawKinds = new Set(['ipip', 'wireguard']);
const rawLinkTypes = new Set(['gre', 'ip6gre', 'sit', 'ip6tnl', 'vti', 'vti6', 'xfrm', 'tun', 'wwan']);
function linkTypeOf(device: KnownDevice | undefined): number {
  if (!device || device.linkType === 'gretap' || device.linkType === 'ip6gretap') return LinkType.ethernet;
  return rawKinds.has(device.kind) || rawLinkTypes.has(device.linkType) ? LinkType.raw : LinkType.ethernet;
}

function placeOf(stream: Stream, device: KnownDevice | undefined, ifindex: number): Place {
  const name = device?.name ?? (ifindex > 0 ? `if${ifindex}` : 'no device');
  return {
    key: `${stream.name} ${name}`, node: stream.name, device: name, kind: device?.kind ?? 'other',
    linkType: linkTypeOf(device), mac: device?.mac ?? '',
  }; // prettier-ignore
}

export function packetAt(view: PathView, hop: number, about: string): PlacedPacket {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  const place = placeOf(view.streams[hop], view.devices[hop], frame.ifindex[row]);
  const direction = frame.direction[row];
  return {
    place,
    bytes: headersAt(view, hop, place.linkType === LinkType.ethernet),
    originalBytes: frame.bytes[row],
    way: direction === Direction.ingress || direction === Direction.receive ? Way.inbound : Way.outbound,
    comment: `${place.node} ${place.device} ${directionName(direction)}, hop ${hop + 1} of ${view.hopCount}; ${about}${vlanOf(frame, row)}`,
  };
}

/** The same packet once more, where the kernel let go of it. */
export function droppedPacket(view: PathView, drop: Drop, about: string): PlacedPacket {
  const last = lastOf(view);
  const place = placeOf(drop.stream, drop.device, 0);
  // What its last hop saw of it, without the link header there, behind the one of where it was dropped.
  const inner = innerOf(view.frames[last], view.rows[last], linkBytes(linkTypeOf(view.devices[last])));
  const bytes = headersOf(inner, undefined, place.linkType === LinkType.ethernet);
  const originalBytes = linkBytes(place.linkType) + inner.bytes;
  return { place, bytes, originalBytes, way: 0, comment: `${describeLoss(view)}; ${about}` };
}

const vlanOf = ({ vlan }: LegsFrame, row: number): string => (vlan?.[row] ? `, VLAN ${vlan[row]}` : '');

function headersAt(view: PathView, hop: number, isEthernet: boolean): Uint8Array {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  return headersOf(innerOf(frame, row, isEthernet ? ETHERNET_BYTES : 0), outerOf(view, hop), isEthernet);
}

const linkBytes = (linkType: number): number => (linkType === LinkType.ethernet ? ETHERNET_BYTES : 0);

/** In front of the inner IP header: a tunnel's packet has its own Ethernet header there, whatever the device is. */
const bytesAround = (frame: LegsFrame, row: number, link: number): number =>
  frame.encapsulation[row] > 0 ? frame.encapsulation[row] + ETHERNET_BYTES : link;

/** Bytes of the inner packet from its IP header on. */
function ipBytes(frame: LegsFrame, row: number, link: number): number {
  if (isDrop(frame.direction[row])) return frame.bytes[row];
  const around = bytesAround(frame, row, link);
  const protocol = frame.protocol[frame.flow[row]];
  // A short frame may have been filled up to the least that Ethernet carries.
  const isTold = protocol === Protocol.tcp || (protocol === Protocol.udp && frame.wirePackets[row] <= 1);
  return Math.max(0, (isTold ? frame.headers[row] + frame.payload[row] : frame.bytes[row]) - around);
}

/** `link`: bytes of the device's link header. */
function innerOf(frame: LegsFrame, row: number, link: number): InnerPacket {
  const flow = frame.flow[row];
  const isHop = !isDrop(frame.direction[row]);
  return {
    source: { words: frame.source, at: 4 * flow },
    destination: { words: frame.destination, at: 4 * flow },
    sourcePort: frame.sourcePort[flow],
    destinationPort: frame.destinationPort[flow],
    protocol: frame.protocol[flow],
    kind: frame.kind[row],
    bytes: ipBytes(frame, row, link),
    headers: isHop ? frame.headers[row] - bytesAround(frame, row, link) : 0,
    sequence: frame.sequence[row],
    payload: frame.payload[row],
    tcpFlags: frame.tcpFlags?.[row] ?? 0,
    ttl: frame.ttl?.[row] ?? 0,
  };
}

/** The tunnel's ends are those of the nodes before and behind the wire, as their own devices of it say. */
function outerOf(view: PathView, hop: number): OuterPacket | undefined {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  if (frame.encapsulation[row] === 0) return undefined;
  const vni = frame.vni?.[row];
  const isOut = frame.direction[row] === Direction.egress || frame.direction[row] === Direction.transmit;
  const own = tunnelOf(view.streams[hop], vni);
  const other = tunnelOf(neighbour(view, hop, isOut ? 1 : -1), vni);
  const [from, to] = isOut ? [own, other] : [other, own];
  return {
    source: from && addressOf(from.local),
    destination: to && addressOf(to.local),
    port: own?.port ?? VXLAN_PORT,
    vni: vni ?? own?.vni ?? 0,
    bytes: frame.encapsulation[row],
  };
}

/** The next node on the way in that direction. */
function neighbour(view: PathView, hop: number, step: number): Stream | undefined {
  const { node } = view.streams[hop];
  for (let at = hop + step; at >= 0 && at < view.hopCount; at += step) {
    if (view.streams[at].node !== node) return view.streams[at];
  }
  return undefined;
}

type Tunnel = NonNullable<KnownDevice['tunnel']>;

/** @param vni undefined where records do not tell it: then any */
function tunnelOf(stream: Stream | undefined, vni: number | undefined): Tunnel | undefined {
  for (const { tunnel } of stream?.devices.values() ?? []) {
    if (tunnel && (vni === undefined || tunnel.vni === vni)) return tunnel;
  }
  return undefined;
}

const addressOf = (text: string): Address | undefined =>
  text === '' ? undefined : { words: parseAddress(text), at: 0 };
