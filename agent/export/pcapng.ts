/** Paths as a capture: each device of each node an interface, each hop of a packet a packet on it. */
import type { Moment, WallClock } from '../paths/wall-clock.ts';
import { fromLabel, identityOf, outcomeOf, toLabel } from './about.ts';
import type { Emit, Exporter } from './exporter.ts';
import { MOST_HEADER_BYTES } from './headers.ts';
import { createInOrder } from './in-order.ts';
import { droppedPacket, packetAt, type Place, type PlacedPacket } from './packets.ts';
import { interfaceBlock, packetBlock, section } from './pcapng-blocks.ts';

const aboutFile =
  'Made by hoplens from sampled packets: headers are made up from what was recorded of them. Lengths, addresses, ports, ' +
  'sequence numbers and IPv4 ids are theirs; MAC addresses, acknowledgements, windows, options and checksums are not. ' +
  'Times are of the first node by name, put on its clock by the offsets between nodes.';

const ownClock = ', time of its own clock';

export function createPcapng(emit: Emit, hoplens: string): Exporter {
  const places = new Map<string, number>();
  let isBegun = false;
  let wall: WallClock;
  const inOrder = createInOrder<PlacedPacket>(write);

  function begin(): void {
    if (!isBegun) emit(section(`hoplens ${hoplens}`.trim(), aboutFile));
    isBegun = true;
  }

  function numberOf(place: Place): number {
    const known = places.get(place.key);
    if (known !== undefined) return known;
    emit(describe(place));
    places.set(place.key, places.size);
    return places.size - 1;
  }

  function write({ place, ...packet }: PlacedPacket, atNs: number): void {
    emit(packetBlock({ ...packet, interface: numberOf(place), timeNs: wall.since1970(atNs) }));
  }

  const add = ({ ns, isCommon }: Moment, packet: PlacedPacket): void =>
    inOrder.add(ns, isCommon ? packet : { ...packet, comment: packet.comment + ownClock });

  return {
    add(view, wallClock) {
      begin();
      wall = wallClock;
      const about = `${outcomeOf(view)}; ${identityOf(view)}, ${fromLabel(view)} ▸ ${toLabel(view)}`;
      for (let hop = 0; hop < view.hopCount; hop++) add(wall.ofHop(view, hop), packetAt(view, hop, about));
      const { drop } = view;
      if (drop) add(wall.of(drop.stream, drop.timeNs), droppedPacket(view, drop, identityOf(view)));
    },
    end() {
      begin();
      inOrder.flush();
    },
    get late() {
      return inOrder.late;
    },
  };
}

function describe({ node, device, kind, linkType, mac }: Place): Uint8Array<ArrayBuffer> {
  const bytes = mac.split(':').map((part) => parseInt(part, 16));
  return interfaceBlock({
    name: `${node}:${device}`,
    description: `${kind} of node ${node}`,
    linkType,
    mac: bytes.length === 6 && !bytes.some(Number.isNaN) ? Uint8Array.from(bytes) : undefined,
    snapBytes: MOST_HEADER_BYTES,
  });
}
