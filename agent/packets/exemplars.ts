/**
 * Single packets that stand for many: of each row and second the slowest of every octave of latency, which has the second's
 * slowest among them, and the first lost ones. A packet is copied only when it is kept.
 *
 * Memory is bounded by bytes first, by time second. When it is full the row that has most gives way: of its settled seconds
 * first all but the slowest and the lost ones, then its oldest seconds whole. So of each second that a row holds its slowest
 * packet is never missing.
 */
import { type PathView } from '../paths/view.ts';
import { isLost } from '../trace/losses.ts';
import { NONE } from './arena.ts';
import type { PacketId } from './packet.ts';
import { createReplies } from './replies.ts';
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
  /** What is allocated. */
  bytes(): number;
}

export interface Limits {
  keptSeconds: number;
  maxRows: number;
  maxBytes: number;
}

/** Of a row and second. */
export const MAX_LOST = 8;

/** What a packet is kept for: its octave, or these. */
const LOST = 254;
const UNKNOWN = 253;
const MOST_OCTAVE = 42;

export const octaveOf = (totalNs: number): number =>
  Number.isNaN(totalNs) ? UNKNOWN : Math.min(MOST_OCTAVE, Math.floor(Math.log2(Math.max(1, totalNs))));

/** Paths of these may still be told. */
const OPEN_SECONDS = 8;

interface Kept {
  /** First packet of each second, by the second modulo their number. */
  heads: Int32Array;
  /** Packets, replies included. */
  count: number;
  /** Seconds before it are gone. */
  fromSecond: number;
}

export function createExemplars({ keptSeconds, maxRows, maxBytes }: Limits): Exemplars {
  const slots = keptSeconds + 2 * OPEN_SECONDS;
  const headBytes = slots * Int32Array.BYTES_PER_ELEMENT;
  const store = createStore(maxBytes - maxRows * headBytes);
  const rows = new Map<number, Kept>();
  const replies = createReplies(store);
  /** By the viewer's clock, not by what frames say. */
  let latest = -Infinity;

  function keptOf(row: number): Kept | undefined {
    const known = rows.get(row);
    if (known || rows.size >= maxRows) return known;
    const kept = { heads: new Int32Array(slots).fill(NONE), count: 0, fromSecond: -Infinity };
    rows.set(row, kept);
    return kept;
  }

  const slotOf = (second: number): number => ((second % slots) + slots) % slots;

  function headOf({ heads }: Kept, second: number): number {
    const head = heads[slotOf(second)];
    return head !== NONE && store.packets.second[head] === second ? head : NONE;
  }

  function add(kept: Kept, view: PathView, row: number, second: number, region: number): number {
    const packet = store.add(view);
    const { packets } = store;
    packets.row[packet] = row;
    packets.second[packet] = second;
    packets.region[packet] = region;
    packets.next[packet] = headOf(kept, second);
    kept.heads[slotOf(second)] = packet;
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

  function dropReply(kept: Kept, packet: number): void {
    replies.cancel(packet);
    const reply = store.packets.reply[packet];
    if (reply === NONE) return;
    store.release(reply);
    store.packets.reply[packet] = NONE;
    kept.count--;
  }

  function release(kept: Kept, packet: number): void {
    dropReply(kept, packet);
    store.release(packet);
    kept.count--;
  }

  /** Lets go of a second's packets, but for those that `stays` wants. */
  function releaseSecond(kept: Kept, second: number, stays: (packet: number) => boolean): void {
    // Another second's packets may stand there.
    if (headOf(kept, second) === NONE) return;
    let left = NONE;
    for (let packet = headOf(kept, second); packet !== NONE;) {
      const next = store.packets.next[packet];
      if (stays(packet)) {
        store.packets.next[packet] = left;
        left = packet;
      } else release(kept, packet);
      packet = next;
    }
    kept.heads[slotOf(second)] = left;
  }

  const none = (): boolean => false;

  const secondsOf = (kept: Kept): number[] =>
    [...kept.heads].filter((head) => head !== NONE).map((head) => store.packets.second[head]);

  function releaseBefore(kept: Kept, second: number): void {
    if (second - kept.fromSecond > slots) {
      for (const old of secondsOf(kept)) if (old < second) releaseSecond(kept, old, none);
    } else for (let old = kept.fromSecond; old < second; old++) releaseSecond(kept, old, none);
    kept.fromSecond = Math.max(kept.fromSecond, second);
  }

  function slowestOf(kept: Kept, second: number): number {
    let slowest = NONE;
    for (let packet = headOf(kept, second); packet !== NONE; packet = store.packets.next[packet]) {
      if (slowest === NONE || isSlower(store.packets.totalNs[packet], store.packets.totalNs[slowest])) slowest = packet;
    }
    return slowest;
  }

  function thin(kept: Kept): void {
    for (let second = Math.max(kept.fromSecond, latest - slots); second < latest - OPEN_SECONDS; second++) {
      const slowest = slowestOf(kept, second);
      releaseSecond(kept, second, (packet) => packet === slowest || store.packets.region[packet] === LOST);
    }
  }

  /** The row that has most becomes smaller by an eighth at least. */
  function makeRoom(): void {
    const kept = [...rows.values()].reduce((most, one) => (one.count > most.count ? one : most));
    const before = kept.count;
    thin(kept);
    if (kept.count <= (before * 7) / 8) return;
    for (const second of secondsOf(kept).sort((a, b) => a - b))
      if (kept.count > (before * 3) / 4) releaseBefore(kept, second + 1);
  }

  /** What a lost packet took until its last hop says nothing of it. All of a row are lost, or none. */
  function rankOf(packet: number): number {
    const { region, wallMs, totalNs } = store.packets;
    return region[packet] === LOST ? wallMs[packet] : slownessOf(totalNs[packet]);
  }

  /** The packet in whose place this one is kept; NONE for a place of its own, undefined when it is not kept. */
  function placeOf(kept: Kept, view: PathView, second: number, region: number): number | undefined {
    let lost = 0;
    for (let packet = headOf(kept, second); packet !== NONE; packet = store.packets.next[packet]) {
      if (store.packets.region[packet] !== region) continue;
      if (region !== LOST) return isSlower(view.totalNs, store.packets.totalNs[packet]) ? packet : undefined;
      lost++;
    }
    return lost < MAX_LOST ? NONE : undefined;
  }

  function keep(kept: Kept, view: PathView, row: number, second: number): number {
    const region = isLost(view) ? LOST : octaveOf(view.totalNs);
    const place = placeOf(kept, view, second, region);
    if (place === undefined) return NONE;
    if (place !== NONE) {
      dropReply(kept, place);
      store.replace(place, view);
      return place;
    }
    // One that gives way may have shorter paths than this one.
    while (!store.hasRoom(view.hopCount)) makeRoom();
    return second < kept.fromSecond ? NONE : add(kept, view, row, second, region);
  }

  return {
    store,
    see(view, row, second, awaited) {
      for (const packet of replies.answeredBy(view)) addReply(packet, view, row, second);
      const kept = keptOf(row);
      const isInTime = second > latest - keptSeconds && second <= latest + OPEN_SECONDS;
      if (!kept || !isInTime || second < kept.fromSecond) return;
      // What an age that nobody turned left there.
      const old = kept.heads[slotOf(second)];
      if (old !== NONE && store.packets.second[old] !== second) {
        releaseSecond(kept, store.packets.second[old], none);
      }
      const packet = keep(kept, view, row, second);
      if (packet !== NONE && awaited && !isLost(view)) replies.wait(packet);
    },
    turn(nowSecond) {
      latest = nowSecond;
      replies.expire(nowSecond - OPEN_SECONDS);
      for (const kept of rows.values()) releaseBefore(kept, nowSecond - keptSeconds + 1);
    },
    forget(row) {
      const kept = rows.get(row);
      if (!kept) return;
      for (const second of secondsOf(kept)) releaseSecond(kept, second, none);
      rows.delete(row);
    },
    pick(row, fromSecond, toSecond, fromNs = -Infinity, toNs = Infinity) {
      const kept = rows.get(row);
      const found: number[] = [];
      if (!kept) return found;
      const { packets } = store;
      const isIn = (totalNs: number): boolean =>
        Number.isNaN(totalNs) ? fromNs === -Infinity : totalNs >= fromNs && totalNs < toNs;
      for (let head of kept.heads) {
        if (head === NONE || packets.second[head] < fromSecond || packets.second[head] > toSecond) continue;
        for (; head !== NONE; head = packets.next[head]) if (isIn(packets.totalNs[head])) found.push(head);
      }
      return found.sort((a, b) => rankOf(b) - rankOf(a));
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
    bytes: () => store.bytes() + rows.size * headBytes,
  };
}

/** Clocks of two viewers differ, and one's own is found better with time. */
const NEAR_SECONDS = 2;

/** An unknown time comes behind all others. */
const slownessOf = (totalNs: number): number => (Number.isNaN(totalNs) ? -Infinity : totalNs);

const isSlower = (a: number, b: number): boolean => slownessOf(a) > slownessOf(b);
