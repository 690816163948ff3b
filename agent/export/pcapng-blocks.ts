/** Blocks of pcapng, little-endian: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html */

/** https://www.tcpdump.org/linktypes.html */
export const LinkType = { ethernet: 1, raw: 101 } as const;

export const BlockType = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OptionCode = {
  end: 0, comment: 1,
  /** Of a section. */
  application: 4,
  /** Of an interface. */
  name: 2, description: 3, mac: 6, timeResolution: 9,
  /** Of a packet. */
  flags: 2,
} as const; // prettier-ignore

export type Option = readonly [code: number, value: string | Uint8Array];

/** Bits 0 and 1 of a packet's flags. */
export const Way = { inbound: 1, outbound: 2 } as const;

const encoder = new TextEncoder();
const padded = (bytes: number): number => (bytes + 3) & ~3;

/** An option's length is told in 16 bits. */
const MOST_OPTION_BYTES = 0xfffc;

export function section(application: string, comment: string): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true);
  // Nobody knows yet how long it will be.
  view.setBigInt64(8, -1n, true);
  return block(BlockType.section, body, [[OptionCode.comment, comment], [OptionCode.application, application]]); // prettier-ignore
}

export interface Interface {
  name: string;
  description: string;
  linkType: number;
  /** Six bytes; without one where the device has none. */
  mac: Uint8Array | undefined;
  /** The most bytes of a packet that stand in the file. */
  snapBytes: number;
}

/** Interfaces are numbered from 0 in the order of their blocks; their times are in nanoseconds. */
export function interfaceBlock({ name, description, linkType, mac, snapBytes }: Interface): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, linkType, true);
  view.setUint32(4, snapBytes, true);
  return block(BlockType.interface, body, [
    [OptionCode.name, name],
    [OptionCode.description, description],
    ...(mac ? [[OptionCode.mac, mac] as const] : []),
    [OptionCode.timeResolution, Uint8Array.of(9)],
  ]);
}

export interface CapturedPacket {
  interface: number;
  /** Since 1970. */
  timeNs: bigint;
  bytes: Uint8Array;
  /** As it was on the device. */
  originalBytes: number;
  comment: string;
  way: number;
}

export function packetBlock(packet: CapturedPacket): Uint8Array<ArrayBuffer> {
  const { bytes } = packet;
  const body = new Uint8Array(20 + padded(bytes.length));
  const view = new DataView(body.buffer);
  view.setUint32(0, packet.interface, true);
  view.setUint32(4, Number((packet.timeNs >> 32n) & 0xffffffffn), true);
  view.setUint32(8, Number(packet.timeNs & 0xffffffffn), true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, packet.originalBytes, true);
  body.set(bytes, 20);
  const flags = Uint8Array.of(packet.way, 0, 0, 0);
  return block(BlockType.packet, body, [[OptionCode.comment, packet.comment], [OptionCode.flags, flags]]); // prettier-ignore
}

function block(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array<ArrayBuffer> {
  const encoded = options.map(([code, value]) => ({ code, value: optionBytes(value) }));
  const optionsLength = encoded.reduce((all, { value }) => all + 4 + padded(value.length), 4);
  const length = 12 + body.length + optionsLength;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let at = 8 + body.length;
  for (const { code, value } of encoded) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  view.setUint32(length - 4, length, true);
  return bytes;
}

const optionBytes = (value: string | Uint8Array): Uint8Array =>
  (typeof value === 'string' ? encoder.encode(value) : value).subarray(0, MOST_OPTION_BYTES);
