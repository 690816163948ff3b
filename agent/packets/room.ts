/**
 * Room for more packets where all is taken: those rows that have most give way, down to one level that frees enough. Of a
 * row's settled seconds first all goes but the slowest and the lost ones, then its oldest seconds whole, and never its newest.
 * Where there are more rows than packets the oldest seconds of any go.
 */
import { NONE } from './arena.ts';
import { isSlower, LOST } from './regions.ts';
import { packetsOf, type RowPackets } from './row-packets.ts';
import type { Store } from './store.ts';

export interface Held {
  store: Store;
  rows: ReadonlyMap<number, RowPackets>;
  releaseBefore: (kept: RowPackets, row: number, second: number) => void;
  releaseSome: (kept: RowPackets, isWanted: (packet: number) => boolean) => void;
}

export interface Room {
  /** At least one packet goes, and at once as many as make it worth to look at all rows. */
  make(settledSecond: number): void;
  /** Gives way only when it holds half of all. */
  favour: (row: number | undefined) => void;
}

const SHARE = 1 / 8;

export function createRoom({ store, rows, releaseBefore, releaseSome }: Held): Room {
  let favourite: number | undefined;

  const isSpared = (row: number, { count }: RowPackets): boolean => row === favourite && 2 * count < store.used;

  /** The most that a row may have so that the others lose as many packets together; one at least. */
  function levelFor(wanted: number): number {
    /** Rows by the number of their packets. */
    const having: number[] = [];
    rows.forEach((kept, row) => {
      if (!isSpared(row, kept)) having[kept.count] = (having[kept.count] ?? 0) + 1;
    });
    let level = Math.max(1, having.length - 1);
    for (let above = 0, freed = 0; level > 1 && freed < wanted; level--) freed += above += having[level] ?? 0;
    return level;
  }

  function slowestOfSeconds(kept: RowPackets): Set<number> {
    const { second, totalNs } = store.packets;
    const slowest = new Map<number, number>();
    for (const packet of packetsOf(kept, store.packets)) {
      const other = slowest.get(second[packet]);
      if (other === undefined || isSlower(totalNs[packet], totalNs[other])) slowest.set(second[packet], packet);
    }
    return new Set(slowest.values());
  }

  function thin(kept: RowPackets, settledSecond: number): void {
    const { second, region } = store.packets;
    const stay = slowestOfSeconds(kept);
    releaseSome(kept, (packet) => second[packet] < settledSecond && region[packet] !== LOST && !stay.has(packet));
  }

  /** The oldest second that stays when no more than so many packets do. */
  function oldestOf(kept: RowPackets, level: number): number {
    const { second, reply } = store.packets;
    const newest = second[kept.head];
    let count = 0;
    for (const packet of packetsOf(kept, store.packets)) {
      count += reply[packet] === NONE ? 1 : 2;
      if (count > level && second[packet] < newest) return second[packet] + 1;
    }
    return -Infinity;
  }

  function shrink(row: number, kept: RowPackets, level: number, settledSecond: number): void {
    thin(kept, settledSecond);
    const oldest = kept.count > level ? oldestOf(kept, level) : -Infinity;
    if (oldest > -Infinity) releaseBefore(kept, row, oldest);
  }

  /** The second up to which as many packets are kept of rows that give way. */
  function secondWith(wanted: number): number {
    const { second, next } = store.packets;
    const counts = new Map<number, number>();
    rows.forEach((kept, row) => {
      if (isSpared(row, kept)) return;
      for (let packet = kept.head; packet !== NONE; packet = next[packet])
        counts.set(second[packet], (counts.get(second[packet]) ?? 0) + 1);
    });
    let count = 0;
    return [...counts.keys()].sort((a, b) => a - b).find((one) => (count += counts.get(one)!) >= wanted)!;
  }

  return {
    make(settledSecond) {
      const wanted = Math.max(1, Math.floor(store.used * SHARE));
      const left = store.used - wanted;
      const level = levelFor(wanted);
      for (const [row, kept] of rows)
        if (kept.count > level && !isSpared(row, kept)) shrink(row, kept, level, settledSecond);
      if (store.used <= left) return;
      const second = secondWith(store.used - left);
      for (const [row, kept] of rows) {
        if (store.used <= left) return;
        if (!isSpared(row, kept)) releaseBefore(kept, row, second + 1);
      }
    },
    favour: (row) => void (favourite = row),
  };
}
