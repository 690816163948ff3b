/** Headers of a frame, from the link's to the transport's. Other code than the one that is tested. */
import { formatAddress, formatEndpoint } from '../../../agent/paths/addresses.ts';

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const FRAGMENT = 44;
export const ICMPV6 = 58;
export const SCTP = 132;

export interface Headers {
  /** As `trace` writes them: with ports where there are some, which later fragments have not. */
  source: string;
  destination: string;
  protocol: number;
  /** IPv4 id, or that of an IPv6 fragment; else 0. */
  id: number;
  fragmented: boolean;
  /** In units of 8 bytes. */
  fragment: number;
  /** Where what is behind the IP headers begins, and how long it is. */
  content: number;
  length: number;
  /** TCP alone. */
  sequence: number;
  payload: number;
}

/** Undefined where there is no IP. */
export function parseHeaders(frame: Buffer): Headers | undefined {
  const type = frame.length >= 34 ? frame.readUInt16BE(12) : 0;
  const headers = type === 0x0800 ? parseIpv4(frame) : type === 0x86dd ? parseIpv6(frame) : undefined;
  return headers && addTransport(frame, headers);
}

const nothing = { sequence: 0, payload: 0 };

function parseIpv4(frame: Buffer): Headers {
  const size = (frame[14] & 15) * 4;
  const place = frame.readUInt16BE(20);
  // BIG TCP says 0; its length is what there is, which a capture knows and this reader does not need.
  const total = frame.readUInt16BE(16) || frame.length - 14;
  return {
    ...nothing,
    source: addressText(frame.subarray(26, 30)),
    destination: addressText(frame.subarray(30, 34)),
    protocol: frame[23],
    id: frame.readUInt16BE(18),
    fragmented: (place & 0x3fff) !== 0,
    fragment: place & 0x1fff,
    content: 14 + size,
    length: total - size,
  };
}

/** With at most a fragment header, or a jumbo payload's option. */
function parseIpv6(frame: Buffer): Headers {
  const headers: Headers = {
    ...nothing,
    source: addressText(frame.subarray(22, 38)),
    destination: addressText(frame.subarray(38, 54)),
    protocol: frame[20],
    id: 0,
    fragmented: false,
    fragment: 0,
    content: 54,
    length: frame.readUInt16BE(18) || frame.length - 54,
  };
  const isExtension = headers.protocol === FRAGMENT || headers.protocol === 0;
  if (!isExtension) return headers;
  const place = headers.protocol === FRAGMENT ? frame.readUInt16BE(56) : 0;
  const id = headers.protocol === FRAGMENT ? frame.readUInt32BE(58) : 0;
  const fragmented = (place & 0xfff9) !== 0;
  return { ...headers, protocol: frame[54], id, fragmented, fragment: place >> 3, content: 62, length: headers.length - 8 };
} // prettier-ignore

function addTransport(frame: Buffer, headers: Headers): Headers {
  const { protocol, content, fragment, length } = headers;
  const hasPorts = protocol === TCP || protocol === UDP || protocol === SCTP;
  if (!hasPorts || fragment > 0 || content + 4 > frame.length) return headers;
  const ports = {
    source: formatEndpoint(headers.source, frame.readUInt16BE(content)),
    destination: formatEndpoint(headers.destination, frame.readUInt16BE(content + 2)),
  };
  if (protocol !== TCP || content + 20 > frame.length) return { ...headers, ...ports };
  const payload = length - (frame[content + 12] >> 4) * 4;
  return { ...headers, ...ports, sequence: frame.readUInt32BE(content + 4), payload };
}

/** Of 16 bytes, or of 4. */
function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  return formatAddress(new Uint32Array(Uint8Array.from(bytes).buffer), 0);
}
