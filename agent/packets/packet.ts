/** One packet, with all that its waterfall shows: the ruler of n = 1, with absolute times. */
import type { JsonDrop } from '../paths/json.ts';
import { identityText, Kind } from '../paths/words.ts';
import type { Shape, ShapeHop } from '../trace/shape.ts';

export interface PacketHop extends ShapeHop {
  /** Since the first hop; NaN behind a wire whose clocks are not known. */
  timeNs: number;
  /** On this device, link header included: of an uplink the outer packet's. */
  bytes: number;
  /** What a tunnel had added here to each wire packet; 0 outside of one. */
  addedBytes: number;
  wirePackets: number;
}

export interface PacketSegment {
  name: Shape['segments'][number]['name'];
  isWire: boolean;
  isSleeved: boolean;
  /** NaN unknown. */
  durationNs: number;
  /** 0 on one node, where one clock wrote both. */
  boundNs: number;
  relativeBoundNs: number;
}

export interface PacketDrop extends JsonDrop {
  /** Functions from the one that freed it outwards. */
  stack: string[];
}

export interface Packet extends Omit<Shape, 'hops' | 'segments'> {
  /** As permalinks carry it: identity and time. */
  name: string;
  /** 16 hex digits. */
  identity: string;
  /** SYN, data, ACK, ...: what of its protocol it is. */
  kind: string;
  /** Of the first hop, on the viewer's clock: right within milliseconds. */
  wallMs: number;
  /** One in 2^exponent was followed where it came in. */
  exponent: number;
  /** Bytes behind the transport header. */
  payload: number;
  hops: PacketHop[];
  segments: PacketSegment[];
  totalNs: number;
  boundNs: number;
  /** What became of it, in words; empty where it arrived. */
  loss: string;
  drop: PacketDrop | undefined;
  /** From the last hop to the drop, where one clock saw both; else NaN. */
  droppedAfterNs: number;
}

/** A packet, and the next one that came back. */
export interface Exchange {
  packet: Packet;
  reply: Packet | undefined;
  /** Between them in the answering pod: one clock saw both. */
  turnaroundNs: number;
  /** From the first's first hop to the last's last, by one clock where they are the same device; else NaN. */
  roundTripNs: number;
}

const kindNames = new Map<number, string>([
  [Kind.mark, 'data'],
  [Kind.syn, 'SYN'],
  [Kind.fin, 'FIN'],
  [Kind.rst, 'RST'],
  [Kind.ack, 'ACK'],
  [Kind.udp, 'datagram'],
  [Kind.icmp, 'message'],
  [Kind.icmpError, 'error'],
  [Kind.fragment, 'fragment'],
]);

export const kindName = (kind: number): string => kindNames.get(kind) ?? 'packet';

/** `0123456789abcdef@1790000000000`: milliseconds, since identities come again. */
export const packetName = (low: number, high: number, wallMs: number): string =>
  `${identityText(low, high)}@${Math.floor(wallMs)}`;

export interface PacketId {
  low: number;
  high: number;
  wallMs: number;
}

/** Undefined where it is none. */
export function parsePacketName(name: string): PacketId | undefined {
  const [, high, low, wallMs] = /^([0-9a-f]{8})([0-9a-f]{8})@(\d{1,15})$/.exec(name) ?? [];
  return wallMs === undefined
    ? undefined
    : { low: parseInt(low, 16), high: parseInt(high, 16), wallMs: Number(wallMs) };
}
