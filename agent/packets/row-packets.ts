/** The packets that are kept of one row, linked in their table: the newest second first, those of a second together. */
import { NONE } from './arena.ts';
import type { PacketTable } from './store.ts';

export interface RowPackets {
  head: number;
  /** Packets, replies included. */
  count: number;
  /** Seconds before it are gone. */
  fromSecond: number;
}

type Links = Pick<PacketTable, 'next' | 'second'>;

export function* packetsOf({ head }: RowPackets, { next }: Links): Generator<number> {
  for (let packet = head; packet !== NONE; packet = next[packet]) yield packet;
}

/** The first packet of a second, or NONE. */
export function firstOf({ head }: RowPackets, { next, second }: Links, wanted: number): number {
  let packet = head;
  while (packet !== NONE && second[packet] > wanted) packet = next[packet];
  return packet !== NONE && second[packet] === wanted ? packet : NONE;
}

/** Its second is known. */
export function link(row: RowPackets, { next, second }: Links, packet: number): void {
  let before = NONE;
  let behind = row.head;
  for (; behind !== NONE && second[behind] > second[packet]; behind = next[behind]) before = behind;
  next[packet] = behind;
  if (before === NONE) row.head = packet;
  else next[before] = packet;
}

/** Takes some out of the list, and gives each to whoever lets go of it. */
export function unlink(
  row: RowPackets,
  { next }: Links,
  isWanted: (packet: number) => boolean,
  letGo: (packet: number) => void,
): void {
  let before = NONE;
  for (let packet = row.head; packet !== NONE;) {
    const behind = next[packet];
    if (!isWanted(packet)) before = packet;
    else {
      if (before === NONE) row.head = behind;
      else next[before] = behind;
      letGo(packet);
    }
    packet = behind;
  }
}
