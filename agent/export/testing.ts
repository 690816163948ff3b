/** For tests: a reader of what is exported, and sessions to export. */
import {
  createAgent, device, framesOf, Ifindex, nodeAddress, podFlow, podToPod, type Frame, type Hop, type Written,
} from '../paths/synthetic.ts'; // prettier-ignore
import { Direction, Kind } from '../paths/words.ts';
import type { DropPlace } from '../wire/messages.ts';
import { BlockType, BYTE_ORDER_MAGIC } from './pcapng-blocks.ts';
import type { ExporterMaker, Piece } from './exporter.ts';
import { walk, type WalkOptions } from './walk.ts';

export interface ReadBlock {
  type: number;
  body: DataView;
  options: Map<number, Uint8Array>;
}

const padded = (bytes: number): number => (bytes + 3) & ~3;

const bodyBytes: Record<number, (view: DataView, at: number) => number> = {
  [BlockType.section]: () => 16,
  [BlockType.interface]: () => 8,
  [BlockType.packet]: (view, at) => 20 + padded(view.getUint32(at + 12, true)),
};

/** Every block of a file. @throws where it breaks a rule of the format */
export function readPcapng(bytes: Uint8Array): ReadBlock[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: ReadBlock[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (length % 4 !== 0 || length < 12 || view.getUint32(at + length - 4, true) !== length)
      throw new Error(`block of ${length} bytes at ${at}`);
    const type = view.getUint32(at, true);
    const size = bodyBytes[type](view, at + 8);
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + 8, size);
    blocks.push({ type, body, options: readOptions(view, at + 8 + size, at + length - 4) });
    at += length;
  }
  if (blocks[0]?.type !== BlockType.section || blocks[0].body.getUint32(0, true) !== BYTE_ORDER_MAGIC)
    throw new Error('no section header');
  return blocks;
}

function readOptions(view: DataView, from: number, to: number): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = from; at < to;) {
    const code = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (code === 0) {
      if (length !== 0 || at + 4 !== to) throw new Error(`options end at ${at + 4} of ${to}`);
      return options;
    }
    options.set(code, new Uint8Array(view.buffer, view.byteOffset + at + 4, length));
    at += 4 + padded(length);
  }
  throw new Error('options without an end');
}

export interface ReadPacket {
  interface: string;
  timeNs: bigint;
  originalBytes: number;
  bytes: Uint8Array;
  comment: string;
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export function readPackets(file: Uint8Array): ReadPacket[] {
  const names: string[] = [];
  const packets: ReadPacket[] = [];
  for (const { type, body, options } of readPcapng(file)) {
    if (type === BlockType.interface) names.push(text(options.get(2)));
    if (type !== BlockType.packet) continue;
    packets.push({
      interface: names[body.getUint32(0, true)],
      timeNs: (BigInt(body.getUint32(4, true)) << 32n) | BigInt(body.getUint32(8, true)),
      originalBytes: body.getUint32(16, true),
      bytes: new Uint8Array(body.buffer, body.byteOffset + 20, body.getUint32(12, true)),
      comment: text(options.get(1)),
    });
  }
  return packets;
}

/** What an exporter makes of frames. */
export async function exported(maker: ExporterMaker, frames: Uint8Array[], options?: WalkOptions): Promise<Buffer> {
  const pieces: Piece[] = [];
  await walk(frames, maker((piece) => pieces.push(piece), 'test'), options); // prettier-ignore
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}

const devicesOf = (node: number) => [
  device(Ifindex.eth0, 'eth0', 'uplink', { addresses: [nodeAddress(node)], mac: '02:00:00:00:00:01' }),
  device(Ifindex.flannel, 'flannel.1', 'vxlan', {
    addresses: [`10.244.${node + 1}.0`],
    tunnel: { vni: 1, port: 8472, local: nodeAddress(node) },
  }),
  device(Ifindex.cni0, 'cni0', 'bridge', { addresses: [`10.244.${node + 1}.1`] }),
  device(Ifindex.pods, 'veth0', 'pod', { master: Ifindex.cni0 }),
  device(Ifindex.pods + 1, 'veth1', 'pod', { master: Ifindex.cni0 }),
];

const place: DropPlace = { reason: 'NETFILTER_DROP', symbol: 'nft_do_chain', hook: 'forward', stack: [] };

export interface Sent {
  /** By node; of pod 0 each. */
  from: number;
  to: number;
  timeNs: number;
  /** Lost behind so many hops. */
  lostBehind?: number;
}

/** Frames of nodes between whose pods these pings go, one µs a hop. */
export function framesOfPings(sent: readonly Sent[], nodes = 2): Uint8Array[] {
  const records = sent.flatMap((ping, number) => recordsOf(ping, number + 1));
  const untilMs = Math.max(0, ...sent.map(({ timeNs }) => timeNs)) / 1e6 + 1000;
  const agents = Array.from({ length: nodes }, (_, node) => createAgent(node, devicesOf(node), node * 3_600e9));
  const places = agents.map((agent) => agent.message(1, { type: 'places', timeNs: 0, places: [place] }));
  const frames = [...framesOf(agents, records, untilMs), ...places];
  return frames.toSorted((a, b) => a.atMs - b.atMs).map(withTime);
}

/** A recording's pace is that of its frames. */
function withTime({ bytes, atMs }: Frame): Uint8Array {
  new DataView(bytes.buffer).setUint32(20, atMs, true);
  return bytes;
}

function recordsOf({ from, to, timeNs, lostBehind }: Sent, identity: number): Written[] {
  const way = podToPod(from, 0, to, from === to ? 1 : 0);
  const flow = podFlow(from, 0, to, from === to ? 1 : 0);
  const of = (hop: Hop, at: number): Written => ({
    ...hop, timeNs: timeNs + at * 1000, identity: [identity, 7], flow, kind: Kind.icmp, level: 30,
    bytes: hop.encapsulation ? 148 : 98, headers: 0, sequence: identity,
  } as Written); // prettier-ignore
  const passed = way.slice(0, lostBehind).map(of);
  if (lostBehind === undefined || lostBehind >= way.length) return passed;
  const last = passed.at(-1)!;
  const drop = { node: last.node, ifindex: last.ifindex, direction: Direction.drop };
  return [...passed, { ...of(drop, lostBehind), bytes: 84, drop: 1 }];
}
