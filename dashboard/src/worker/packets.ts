/** The page's single packets: kept of every row, listed of the one in focus, and one of them opened. */
import { NONE } from '../../../agent/packets/arena.ts';
import { createExemplars } from '../../../agent/packets/exemplars.ts';
import { kindName, packetName, parsePacketName } from '../../../agent/packets/packet.ts';
import { readExchange } from '../../../agent/packets/read.ts';
import type { PathView } from '../../../agent/paths/view.ts';
import type { Span } from '../lib/span.ts';
import type { OpenPacket, PacketSummary, View } from './messages.ts';
import type { Row, Rows } from './rows.ts';
import { chooserOf, TOTAL } from './segments.ts';

/** What lies behind a cell of a heat map: seconds, both included, and times in [fromNs, toNs). */
export interface PacketQuery {
  /** What the times are of: the total, or a segment as segments.ts has them. */
  segment: string;
  row: number;
  fromSecond: number;
  toSecond: number;
  fromNs: number;
  toNs: number;
}

/** All of a row. */
export const anyOf = (row: number): PacketQuery => ({
  row, segment: TOTAL, fromSecond: -Infinity, toSecond: Infinity, fromNs: -Infinity, toNs: Infinity,
}); // prettier-ignore

export interface Packets {
  see(view: PathView, row: Row, second: number): void;
  turn(second: number): void;
  forget(rows: readonly number[]): void;
  /** By its name; of the row that is looked at. */
  open(name: string | undefined): void;
  look(focus: Row | undefined, span: Span): Pick<View, 'packets' | 'packetsHeld' | 'packet'>;
  pick(wanted: PacketQuery): PacketSummary[];
}

const MAX_BYTES = 32 << 20;
/** The page draws them all, and nobody reads more. */
const MAX_LISTED = 60;

export function createPackets(rows: Rows, keptSeconds: number): Packets {
  const exemplars = createExemplars({ keptSeconds, maxBytes: MAX_BYTES });
  const { store } = exemplars;
  let opened: string | undefined;

  function summary(packet: number): PacketSummary {
    const { packets } = store;
    return {
      name: packetName(packets.identityLow[packet], packets.identityHigh[packet], packets.wallMs[packet]),
      wallMs: packets.wallMs[packet],
      kind: kindName(packets.kind[packet]),
      totalNs: packets.totalNs[packet],
      boundNs: packets.boundNs[packet],
      longest: longestOf(packet, () => true).at,
    };
  }

  /** Of its segments, each of which stands with the hop behind it; -1 without any. */
  function longestOf(packet: number, isWanted: (at: number) => boolean): { at: number; timeNs: number } {
    const { packets, hops } = store;
    const longest = { at: -1, timeNs: -Infinity };
    let hop = hops.next[packets.firstHop[packet]];
    for (let at = 0; hop !== NONE; at++, hop = hops.next[hop]) {
      if (!isWanted(at) || !(hops.durationNs[hop] > longest.timeNs)) continue;
      [longest.at, longest.timeNs] = [at, hops.durationNs[hop]];
    }
    return longest;
  }

  /** Those whose chosen segment took so long, the longest first. */
  function bySegment(row: number, segment: string, among: number[], fromNs: number, toNs: number): number[] {
    const way = rows.get(row)?.way;
    if (!way) return [];
    const places = chooserOf(segment)(way);
    const times = new Map(among.map((packet) => [packet, longestOf(packet, (at) => places.includes(at)).timeNs]));
    return among
      .filter((packet) => times.get(packet)! >= fromNs && times.get(packet)! < toNs)
      .sort((a, b) => times.get(b)! - times.get(a)!);
  }

  function openOf(row: Row | undefined): OpenPacket | undefined {
    if (opened === undefined) return undefined;
    const id = parsePacketName(opened);
    const found = row && id ? exemplars.find(row.shape.id, id) : NONE;
    const exchange = found === NONE ? undefined : readExchange(store, found, (other) => rows.get(other)?.shape);
    return { name: opened, exchange };
  }

  return {
    see: (view, row, second) => exemplars.see(view, row.shape.id, second, row.shape.isRequest),
    turn: (second) => exemplars.turn(second),
    forget: (some) => some.forEach((row) => exemplars.forget(row)),
    open: (name) => void (opened = name),
    look(focus, { from, to }) {
      exemplars.favour(focus?.shape.id);
      const found = focus ? exemplars.pick(focus.shape.id, from, to - 1) : [];
      return {
        packets: found.slice(0, MAX_LISTED).map(summary),
        packetsHeld: found.length,
        packet: openOf(focus),
      };
    },
    pick({ row, segment, fromSecond, toSecond, fromNs, toNs }) {
      const found =
        segment === TOTAL
          ? exemplars.pick(row, fromSecond, toSecond, fromNs, toNs)
          : bySegment(row, segment, exemplars.pick(row, fromSecond, toSecond), fromNs, toNs);
      return found.slice(0, MAX_LISTED).map(summary);
    },
  };
}
