/**
 * What is true of a joined path: the numbers in the packets that two captures caught, at the pod where it entered and at the
 * pod where it arrived.
 */
import type { SeenPath } from '../watch.ts';
import { TCP } from './headers.ts';
import type { Packet } from './packets.ts';
import { datagramOf, type Numbered } from './words.ts';

/** enum identity_kind of bpf/record.h. */
const Kind = { mark: 0, ack: 4, udp: 5, fragment: 8 } as const;

interface Stream {
  flow: number;
  /** Sequence number of the stream's first byte. */
  origin: number;
}

/** All that a pod's capture tells. */
export interface Side {
  streams: Map<string, Stream>;
  /** Ends between which one connection came after another: which byte was of which nobody can say. */
  reused: Set<string>;
  packets: Map<string, Packet[]>;
}

const directionOf = (source: string, destination: string): string => `${source} > ${destination}`;

const keyOf = (source: string, destination: string, id: number, fragment: number): string =>
  `${directionOf(source, destination)} ${id} ${fragment}`;

export function readSide(packets: Packet[]): Side {
  const side: Side = { streams: new Map(), reused: new Set(), packets: new Map() };
  for (const packet of packets) {
    if (packet.protocol === TCP && !packet.fragmented) addToStream(side, packet);
    else {
      const key = keyOf(packet.source, packet.destination, packet.id, packet.fragment);
      const known = side.packets.get(key);
      if (known) known.push(packet);
      else side.packets.set(key, [packet]);
    }
  }
  return side;
}

function addToStream({ streams, reused }: Side, { source, destination, sequence, numbers, payload }: Packet): void {
  if (!numbers || payload === 0) return;
  // The numbers are told for where the content begins, and that is the TCP header.
  const origin = (sequence - numbers.offset) >>> 0;
  const key = directionOf(source, destination);
  const known = streams.get(key);
  if (known && (known.flow !== numbers.flow || known.origin !== origin)) reused.add(key);
  streams.set(key, { flow: numbers.flow, origin });
}

/**
 * What tells a packet, or a byte, from all others. Several where a packet has no IP id and others of its length passed at the
 * same time; none where the capture cannot say.
 */
interface Numbers {
  numbers: Set<string>;
  /** Others were alike, and passed at other times. */
  byTime: boolean;
}

function numbersAt(path: SeenPath, hop: number, side: Side, clockNs: number): Numbers {
  if (path.identityKind <= Kind.ack) return { numbers: setOf(streamNumber(path, hop, side)), byTime: false };
  const { source, destination, bytes } = path.hops.at(hop)!;
  const record = path.records.at(hop)!;
  const place = path.identityKind === Kind.fragment ? record.mark : 0;
  const known = side.packets.get(keyOf(source, destination, record.sequence, place)) ?? [];
  const alike = known.filter((packet) => packet.bytes === bytes);
  const all = new Set(alike.flatMap((packet) => [...setOf(numberOf(path, hop, packet))]));
  if (all.size < 2) return { numbers: all, byTime: false };
  const nearest = nearestOf(alike, record.timeNs + clockNs);
  return { numbers: new Set(nearest.flatMap((packet) => [...setOf(numberOf(path, hop, packet))])), byTime: true };
}

const setOf = (number: string | undefined): Set<string> => new Set(number === undefined ? [] : [number]);

/** Which byte of which flow; of other segments only the flow, which the data in the other direction may tell. */
function streamNumber(path: SeenPath, hop: number, { streams, reused }: Side): string | undefined {
  const { source, destination } = path.hops.at(hop)!;
  if (reused.has(directionOf(source, destination)) || reused.has(directionOf(destination, source))) return undefined;
  const own = streams.get(directionOf(source, destination));
  if (path.identityKind === Kind.mark) {
    return own && `flow ${own.flow} byte ${(path.records.at(hop)!.mark - own.origin) >>> 0}`;
  }
  const flow = own ? own.flow % 64 : streams.get(directionOf(destination, source))?.flow;
  return flow === undefined ? undefined : `flow ${flow % 64}`;
}

/** A datagram's number in its flow, and of a fragment also its place. */
function numberOf(path: SeenPath, hop: number, packet: Packet): string | undefined {
  const isDatagram = path.identityKind === Kind.udp && !packet.fragmented;
  const numbers: Numbered | undefined = isDatagram ? packet.datagrams[path.records.at(hop)!.mark] : packet.numbers;
  // The first fragment's content begins with a header before the words.
  return (
    numbers && `flow ${numbers.flow} datagram ${datagramOf(numbers.offset + HEADERS_BYTES)} part ${packet.fragment}`
  );
}

/** More than what stands before the words, less than what lies between the last words of one datagram and the first of the next. */
const HEADERS_BYTES = 256;

/** Those that passed when a record was written, give or take what one burst takes. */
function nearestOf(packets: Packet[], timeNs: number): Packet[] {
  const apart = (packet: Packet): number => Math.abs(packet.timeNs - timeNs);
  const least = Math.min(...packets.map(apart));
  return packets.filter((packet) => apart(packet) <= least + BURST_NS);
}

const BURST_NS = 1e6;

export interface Comparison {
  /** Certainly the same packet; or one of the same burst, where no more can be told. */
  equal: number;
  alike: number;
  /** Joined, and not the same: there must be none. */
  different: string[];
  /** The same, where which packet it was had to be told by time alone: on a busy machine a capture's stamp may be late. */
  apart: string[];
  /** Joined, and the captures cannot say; by kind of identity. */
  untold: Record<number, number>;
}

/** Every joined path between pods with a capture. Without beginning or end it is not joined; an ambiguous one claims nothing. */
export function compare(paths: SeenPath[], sides: Map<string, Side>, clockNs: number): Comparison {
  const comparison: Comparison = { equal: 0, alike: 0, different: [], apart: [], untold: {} };
  for (const path of paths) {
    if (path.ambiguous || !path.source.node || !path.destination.node || path.hops.length === 0) continue;
    const [from, to] = [sides.get(path.source.ip), sides.get(path.destination.ip)];
    // A node's own: errors of routers, and what its connection tracker cut into fragments again.
    if (!from || !to) continue;
    const sent = numbersAt(path, 0, from, clockNs);
    const received = numbersAt(path, -1, to, clockNs);
    if (sent.numbers.size === 0 || received.numbers.size === 0) comparison.untold[path.identityKind] = (comparison.untold[path.identityKind] ?? 0) + 1;
    else add(comparison, path, sent, received);
  }
  return comparison;
} // prettier-ignore

function add(comparison: Comparison, path: SeenPath, sent: Numbers, received: Numbers): void {
  const common = [...sent.numbers].filter((number) => received.numbers.has(number));
  if (common.length === 0) {
    const what = `${path.identity} ${path.protocol} kind ${path.identityKind}`;
    const became = `${[...sent.numbers].join(' or ')} became ${[...received.numbers].join(' or ')}`;
    comparison[sent.byTime || received.byTime ? 'apart' : 'different'].push(`${what}: ${became}`);
  } else if (sent.numbers.size === 1 && received.numbers.size === 1) comparison.equal++;
  else comparison.alike++;
}
