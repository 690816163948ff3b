/**
 * Single packets that stand for many: of each row and second the slowest of every octave of latency, which has the second's
 * slowest among them, and the first lost ones. A packet is copied only when it is kept.
 *
 * Memory is bounded by bytes first, by time second; a row of which nothing is kept takes none. What gives way when it is
 * full stands in room.ts. Of each second that a row holds its slowest packet is never missing.
 */
import { type PathView } from '../paths/view.ts';
import { isLost } from '../trace/losses.ts';
import { NONE } from './arena.ts';
import type { PacketId } from './packet.ts';
import { isSlower, LOST, octaveOf, slownessOf } from './regions.ts';
import { createReplies } from './replies.ts';
import { createRoom } from './room.ts';
import { firstOf, link, packetsOf, unlink, type RowPackets } from './row-packets.ts';
import { createStore, type Store } from './store.ts';

export interface Exemplars {
  readonly store: Store;
  /** A path of a row. `awaited`: what comes back is worth keeping beside it. */
  see(view: PathView, row: number, second: number, awaited: boolean): void;
  /** Forgets what is too old. */
  turn(nowSecond: number): void;
  forget(row: number): void;
  /** Packets of a row in these seconds, both included, whose total lies in [fromNs, toNs): the slowest first, of lost ones the latest. */
  pick(row: number, fromSecond: number, toSecond: number, fromNs?: number, toNs?: number): number[];
  /** NONE where it is not held, or not any more. */
  find(row: number, id: PacketId): number;
  /** Whoever looks at this row wants its packets before others'. */
  favour: (row: number | undefined) => void;
  /** What is allocated. */
  bytes(): number;
}

export interface Limits {
  keptSeconds: number;
  maxBytes: number;
}

/** Of a row and second. */
export const MAX_LOST = 8;

/** Paths of these may still be told. */
const OPEN_SECONDS = 8;

/** The rest is for the rows' lists, of which there are no more than packets. */
const STORE_SHARE = 7 / 8;
/** About, in a map. */
const ROW_BYTES = 100;

export function createExemplars({ keptSeconds, maxBytes }: Limits): Exemplars {
  const store = createStore(Math.floor(maxBytes * STORE_SHARE));
  const rows = new Map<number, RowPackets>();
  /** Rows of which nothing is kept any more, and the seconds before which nothing may be. */
  const closed = new Map<number, number>();
  const replies = createReplies(store);
  /** By the viewer's clock, not by what frames say. */
  let latest = -Infinity;

  function keptOf(row: number): RowPackets {
    const known = rows.get(row);
    if (known) return known;
    const kept = { head: NONE, count: 0, fromSecond: closed.get(row) ?? -Infinity };
    rows.set(row, kept);
    return kept;
  }

  function add(kept: RowPackets, view: PathView, row: number, second: number, region: number): number {
    const packet = store.add(view);
    const { packets } = store;
    packets.row[packet] = row;
    packets.second[packet] = second;
    packets.region[packet] = region;
    link(kept, packets, packet);
    kept.count++;
    return packet;
  }

  function addReply(packet: number, view: PathView, row: number, second: number): void {
    const owner = rows.get(store.packets.row[packet]);
    if (!owner || !store.hasRoom(view.hopCount)) return;
    const reply = store.add(view);
    const { packets } = store;
    packets.row[reply] = row;
    packets.second[reply] = second;
    packets.reply[packet] = reply;
    owner.count++;
  }

  function dropReply(kept: RowPackets, packet: number): void {
    replies.cancel(packet);
    const reply = store.packets.reply[packet];
    if (reply === NONE) return;
    store.release(reply);
    store.packets.reply[packet] = NONE;
    kept.count--;
  }

  function release(kept: RowPackets, packet: number): void {
    dropReply(kept, packet);
    store.release(packet);
    kept.count--;
  }

  const releaseSome = (kept: RowPackets, isWanted: (packet: number) => boolean): void =>
    unlink(kept, store.packets, isWanted, (packet) => release(kept, packet));

  /** A row without packets is none. */
  function releaseBefore(kept: RowPackets, row: number, second: number): void {
    const seconds = store.packets.second;
    releaseSome(kept, (packet) => seconds[packet] < second);
    kept.fromSecond = Math.max(kept.fromSecond, second);
    if (kept.count > 0) return;
    rows.delete(row);
    if (kept.fromSecond > latest - keptSeconds + 1) closed.set(row, kept.fromSecond);
  }

  const room = createRoom({ store, rows, releaseBefore, releaseSome });

  /** What a lost packet took until its last hop says nothing of it. All of a row are lost, or none. */
  function rankOf(packet: number): number {
    const { region, wallMs, totalNs } = store.packets;
    return region[packet] === LOST ? wallMs[packet] : slownessOf(totalNs[packet]);
  }

  /** The packet in whose place this one is kept; NONE for a place of its own, undefined when it is not kept. */
  function placeOf(kept: RowPackets, view: PathView, second: number, region: number): number | undefined {
    const { packets } = store;
    let lost = 0;
    let packet = firstOf(kept, packets, second);
    for (; packet !== NONE && packets.second[packet] === second; packet = packets.next[packet]) {
      if (packets.region[packet] !== region) continue;
      if (region !== LOST) return isSlower(view.totalNs, packets.totalNs[packet]) ? packet : undefined;
      lost++;
    }
    return lost < MAX_LOST ? NONE : undefined;
  }

  function keep(view: PathView, row: number, second: number): number {
    const region = isLost(view) ? LOST : octaveOf(view.totalNs);
    const known = rows.get(row);
    const place = known ? placeOf(known, view, second, region) : NONE;
    if (place === undefined) return NONE;
    if (place !== NONE) {
      dropReply(known!, place);
      store.replace(place, view);
      return place;
    }
    // One that gives way may have shorter paths than this one.
    while (!store.hasRoom(view.hopCount)) room.make(latest - OPEN_SECONDS);
    const kept = keptOf(row);
    return second < kept.fromSecond ? NONE : add(kept, view, row, second, region);
  }

  const isOpen = (row: number, second: number): boolean =>
    second > latest - keptSeconds &&
    second <= latest + OPEN_SECONDS &&
    second >= (rows.get(row)?.fromSecond ?? closed.get(row) ?? -Infinity);

  return {
    store,
    see(view, row, second, awaited) {
      for (const packet of replies.answeredBy(view)) addReply(packet, view, row, second);
      if (!isOpen(row, second)) return;
      const packet = keep(view, row, second);
      if (packet !== NONE && awaited && !isLost(view)) replies.wait(packet);
    },
    turn(nowSecond) {
      latest = nowSecond;
      replies.expire(nowSecond - OPEN_SECONDS);
      const from = nowSecond - keptSeconds + 1;
      for (const [row, kept] of rows) if (kept.fromSecond < from) releaseBefore(kept, row, from);
      for (const [row, second] of closed) if (second <= from) closed.delete(row);
    },
    forget(row) {
      const kept = rows.get(row);
      if (kept) releaseSome(kept, () => true);
      rows.delete(row);
      closed.delete(row);
    },
    pick(row, fromSecond, toSecond, fromNs = -Infinity, toNs = Infinity) {
      const kept = rows.get(row);
      if (!kept) return [];
      const { second, totalNs } = store.packets;
      const isIn = (packet: number): boolean =>
        second[packet] >= fromSecond && second[packet] <= toSecond && isBetween(totalNs[packet], fromNs, toNs);
      return [...packetsOf(kept, store.packets)].filter(isIn).sort((a, b) => rankOf(b) - rankOf(a));
    },
    find(row, { low, high, wallMs }) {
      const { packets } = store;
      const second = Math.floor(wallMs / 1000);
      const near = this.pick(row, second - NEAR_SECONDS, second + NEAR_SECONDS).filter(
        (packet) => packets.identityLow[packet] === low && packets.identityHigh[packet] === high,
      );
      const apart = (packet: number): number => Math.abs(packets.wallMs[packet] - wallMs);
      return near.sort((a, b) => apart(a) - apart(b))[0] ?? NONE;
    },
    favour: room.favour,
    bytes: () => store.bytes() + rows.size * ROW_BYTES,
  };
}

/** Clocks of two viewers differ, and one's own is found better with time. */
const NEAR_SECONDS = 2;

const isBetween = (totalNs: number, fromNs: number, toNs: number): boolean =>
  Number.isNaN(totalNs) ? fromNs === -Infinity : totalNs >= fromNs && totalNs < toNs;
