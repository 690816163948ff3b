/** From figures to one of the packets behind them, which is then the one that is open. */
import type { Live } from './live.svelte.ts';
import type { PlaceSource } from './place.svelte.ts';

export interface PacketChoice {
  open: (name: string) => void;
  close: () => void;
  /** To one that stands so many below in the list. */
  move: (by: number) => void;
  /** The packet with that identity that was lost so, or the latest of them that is held. */
  openLost(loss: string, identity: string): Promise<void>;
  /** One behind a cell of the heat map, of the path in focus; where none of its own is held the slowest of its second. */
  openCell(second: number, fromNs: number, toNs: number): Promise<void>;
}

interface Focus {
  id: number | undefined;
  name: string | undefined;
}

const ANY_TIME = { fromNs: -Infinity, toNs: Infinity };

export function createPacketChoice(at: PlaceSource, live: Live, focus: () => Focus): PacketChoice {
  /** The first is a step that can be undone, from there to another one is none. */
  const open = (name: string): void => at.go({ focus: focus().name, packet: name }, at.place.packet === undefined);

  return {
    open,
    close: () => at.leave({ packet: undefined }),
    move(by) {
      const names = live.view?.packets.map((packet) => packet.name) ?? [];
      const { packet } = at.place;
      const to = packet === undefined ? 0 : names.indexOf(packet) + by;
      if (names[to] !== undefined) open(names[to]);
    },
    async openLost(loss, identity) {
      const lost = (await live.ask('lost', loss)).sort((a, b) => b.packet.wallMs - a.packet.wallMs);
      const found = lost.find(({ packet }) => packet.name.startsWith(identity)) ?? lost.at(0);
      if (found) at.go({ focus: found.row, packet: found.packet.name }, true);
    },
    async openCell(second, fromNs, toNs) {
      const { id } = focus();
      if (id === undefined) return;
      const query = { row: id, fromSecond: second, toSecond: second, segment: at.place.segment };
      const [packet] = [
        ...(await live.ask('pick', { ...query, fromNs, toNs })),
        ...(await live.ask('pick', { ...query, ...ANY_TIME })),
      ];
      if (packet) open(packet.name);
    },
  };
}
