/** What a capture holds, packet by packet: as much of each as records of a hop say too. */
import { parseHeaders, UDP, type Headers } from './headers.ts';
import { DATAGRAM_WORDS, readNumbers, WORD_BYTES, type Numbered } from './words.ts';

export interface Packet extends Headers {
  /** On the wall clock. */
  timeNs: number;
  /** Of the frame, with its link header. */
  bytes: number;
  /** What its payload says; of an ICMP error the payload of the packet that it repeats. */
  numbers: Numbered | undefined;
  /** UDP: one for each datagram of a super-packet, in order. */
  datagrams: (Numbered | undefined)[];
}

/** As it was caught. */
export interface Frame {
  /** On the wall clock. */
  timeNs: number;
  /** On the device; `content` may be less. */
  bytes: number;
  content: Buffer;
}

/** Of a file in tcpdump's own format with nanoseconds, of Ethernet. */
export function readFrames(file: Buffer): Frame[] {
  if (file.readUInt32LE(0) !== 0xa1b23c4d || file.readUInt32LE(20) !== 1) throw new Error('not a capture of Ethernet');
  const frames: Frame[] = [];
  for (let at = 24; at < file.length;) {
    const size = file.readUInt32LE(at + 8);
    const timeNs = file.readUInt32LE(at) * 1e9 + file.readUInt32LE(at + 4);
    frames.push({ timeNs, bytes: file.readUInt32LE(at + 12), content: file.subarray(at + 16, at + 16 + size) });
    at += 16 + size;
  }
  return frames;
}

/** The IP packets of a capture. */
export const readPackets = (file: Buffer): Packet[] =>
  readFrames(file).flatMap((frame) => {
    const headers = parseHeaders(frame.content);
    return headers ? [packetOf(frame, headers)] : [];
  });

function packetOf({ content: frame, timeNs, bytes }: Frame, headers: Headers): Packet {
  const content = frame.subarray(headers.content);
  const isWholeUdp = headers.protocol === UDP && !headers.fragmented;
  const datagrams = isWholeUdp ? splitDatagrams(content.subarray(8)) : [];
  return { ...headers, timeNs, bytes, numbers: readNumbers(content), datagrams };
}

/** Where datagrams of a flow begin: the first word's place is a multiple of what a datagram has at most. */
function splitDatagrams(payload: Buffer): (Numbered | undefined)[] {
  const found: Numbered[] = [];
  for (let at = 0; at + 2 * WORD_BYTES <= payload.length; at += WORD_BYTES) {
    const here = readNumbers(payload.subarray(at, at + 2 * WORD_BYTES), 1);
    if (here && here.offset % (WORD_BYTES * DATAGRAM_WORDS) === 0) found.push(here);
  }
  return found.length > 0 ? found : [readNumbers(payload)];
}
