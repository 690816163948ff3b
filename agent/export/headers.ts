/**
 * The headers that a record tells of, as bytes. What a record has no field for is zero: MAC addresses, acknowledgement,
 * checksums of transport headers, TTL where it was not told; windows are the largest, for one of 0 means something. Lengths are right. Payload never leaves a node,
 * so there is none; nor is there an ICMP header, for its type is not told.
 */
import { isIpv4 } from '../paths/addresses.ts';
import {
  ETHERNET_BYTES, IPV4_BYTES, IPV6_BYTES, Protocol, TCP_BYTES, UDP_BYTES,
} from '../paths/header-bytes.ts'; // prettier-ignore
import { Kind } from '../paths/words.ts';

/** Four words of network order (agent/paths/addresses.ts), at `at`. */
export interface Address {
  words: Uint32Array;
  at: number;
}

/** One IP packet as a hop saw it. */
export interface InnerPacket {
  source: Address;
  destination: Address;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  kind: number;
  /** From its IP header on. */
  bytes: number;
  /** Of its IP and transport headers; 0 where unknown. */
  headers: number;
  /** TCP: its first byte's number; else the IPv4 id. */
  sequence: number;
  payload: number;
  tcpFlags: number;
  ttl: number;
}

/** The tunnel around it. */
export interface OuterPacket {
  /** Undefined where nobody told which addresses its ends have. */
  source: Address | undefined;
  destination: Address | undefined;
  port: number;
  vni: number;
  /** Of the outer IP, UDP, VXLAN and inner Ethernet headers: 50 over IPv4, 70 over IPv6. */
  bytes: number;
}

const VXLAN_BYTES = 8;
const TCP_ACK = 0x10;
const VXLAN_OVER_V6 = 70;

/** The most that `headersOf` writes. */
export const MOST_HEADER_BYTES = 2 * (ETHERNET_BYTES + IPV6_BYTES) + UDP_BYTES + VXLAN_BYTES + 60;

/** @param isEthernet whether frames of the device begin with an Ethernet header */
export function headersOf(inner: InnerPacket, outer: OuterPacket | undefined, isEthernet: boolean): Uint8Array {
  const parts = [...(outer ? outerHeaders(outer, inner) : []), ...innerHeaders(inner)];
  const isV4 = outer ? outer.bytes < VXLAN_OVER_V6 : isV4Packet(inner);
  return join(isEthernet ? [ethernet(isV4), ...parts] : parts);
}

const isV4Packet = ({ source }: InnerPacket): boolean => isIpv4(source.words, source.at);

function join(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((all, part) => all + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function ethernet(isV4: boolean): Uint8Array {
  const header = new Uint8Array(ETHERNET_BYTES);
  new DataView(header.buffer).setUint16(12, isV4 ? 0x0800 : 0x86dd);
  return header;
}

function outerHeaders(outer: OuterPacket, inner: InnerPacket): Uint8Array[] {
  const udpBytes = UDP_BYTES + VXLAN_BYTES + ETHERNET_BYTES + inner.bytes;
  const vxlan = new Uint8Array(VXLAN_BYTES);
  vxlan[0] = 0x08;
  new DataView(vxlan.buffer).setUint32(4, outer.vni << 8);
  return [
    ip(outer.bytes < VXLAN_OVER_V6, outer.source, outer.destination, Protocol.udp, udpBytes, 0, 0),
    udp(0, outer.port, udpBytes),
    vxlan,
    ethernet(isV4Packet(inner)),
  ];
}

function innerHeaders(inner: InnerPacket): Uint8Array[] {
  const isV4 = isV4Packet(inner);
  const ipBytes = isV4 ? IPV4_BYTES : IPV6_BYTES;
  const id = inner.protocol === Protocol.tcp ? 0 : inner.sequence;
  const behind = inner.bytes - ipBytes;
  const header = ip(isV4, inner.source, inner.destination, inner.protocol, behind, id, inner.ttl);
  // A later fragment has no transport header.
  if (inner.kind === Kind.fragment) return [header];
  if (inner.protocol === Protocol.tcp) return [header, tcp(inner, ipBytes)];
  if (inner.protocol === Protocol.udp) return [header, udp(inner.sourcePort, inner.destinationPort, behind)];
  return [header];
}

/** @param behind bytes behind this header */
function ip(
  isV4: boolean,
  source: Address | undefined,
  destination: Address | undefined,
  protocol: number,
  behind: number,
  id: number,
  ttl: number,
): Uint8Array {
  const header = new Uint8Array(isV4 ? IPV4_BYTES : IPV6_BYTES);
  const view = new DataView(header.buffer);
  // Of more than that the kernel writes 0 too (BIG TCP).
  const length = isV4 ? behind + IPV4_BYTES : behind;
  const told = length > 0xffff ? 0 : Math.max(0, length);
  if (isV4) {
    header[0] = 0x45;
    view.setUint16(2, told);
    view.setUint16(4, id & 0xffff);
    header[8] = ttl;
    header[9] = protocol;
  } else {
    header[0] = 0x60;
    view.setUint16(4, told);
    header[6] = protocol;
    header[7] = ttl;
  }
  copyAddress(source, header, isV4 ? 12 : 8, isV4);
  copyAddress(destination, header, isV4 ? 16 : 24, isV4);
  if (isV4) view.setUint16(10, checksum(view));
  return header;
}

function copyAddress(address: Address | undefined, to: Uint8Array, at: number, isV4: boolean): void {
  if (!address) return;
  const words = address.words.slice(address.at, address.at + 4);
  to.set(new Uint8Array(words.buffer, isV4 ? 12 : 0), at);
}

/** Of a header without its own checksum. */
function checksum(header: DataView): number {
  let sum = 0;
  for (let at = 0; at < header.byteLength; at += 2) sum += header.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

function udp(sourcePort: number, destinationPort: number, bytes: number): Uint8Array {
  const header = new Uint8Array(UDP_BYTES);
  const view = new DataView(header.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, bytes > 0xffff ? 0 : Math.max(UDP_BYTES, bytes));
  return header;
}

/** As long as it was; what options it had nobody told: they are NOPs. */
function tcp(inner: InnerPacket, ipBytes: number): Uint8Array {
  const told = inner.headers - ipBytes;
  const bytes = Math.min(60, Math.max(TCP_BYTES, told & ~3));
  const header = new Uint8Array(bytes).fill(1, TCP_BYTES);
  const view = new DataView(header.buffer);
  view.setUint16(0, inner.sourcePort);
  view.setUint16(2, inner.destinationPort);
  view.setUint32(4, inner.sequence);
  header[12] = (bytes / 4) << 4;
  header[13] = inner.tcpFlags || TCP_ACK;
  view.setUint16(14, 0xffff);
  return header;
}
