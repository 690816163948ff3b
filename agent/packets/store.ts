/** Single packets in typed columns: an entry a packet and one a hop, the hops of a packet linked. */
import { viewerMs } from '../paths/streams.ts';
import { flowAt, lastOf, type PathView } from '../paths/view.ts';
import { bytesOf, createArena, NONE } from './arena.ts';

const packetTable = (length: number) => ({
  /** Of the first hop: on the viewer's clock, and by its node's; of the last hop by its node's. */
  wallMs: new Float64Array(length),
  firstNs: new Float64Array(length),
  lastNs: new Float64Array(length),
  firstStream: new Uint32Array(length),
  lastStream: new Uint32Array(length),
  totalNs: new Float64Array(length),
  boundNs: new Float64Array(length),
  droppedAfterNs: new Float64Array(length),
  identityLow: new Uint32Array(length),
  identityHigh: new Uint32Array(length),
  payload: new Uint32Array(length),
  kind: new Uint8Array(length),
  exponent: new Uint8Array(length),
  firstHop: new Int32Array(length),
  lastHop: new Int32Array(length),
  /** The owner's: which row and second it is kept for, as what, and what is linked behind it. */
  row: new Uint32Array(length),
  second: new Float64Array(length),
  region: new Uint8Array(length),
  next: new Int32Array(length),
  reply: new Int32Array(length),
});

const hopTable = (length: number) => ({
  /** Of the segment that ends here. */
  durationNs: new Float64Array(length),
  boundNs: new Float64Array(length),
  relativeBoundNs: new Float64Array(length),
  bytes: new Uint32Array(length),
  wirePackets: new Uint16Array(length),
  encapsulation: new Uint16Array(length),
  /** Four words each. */
  source: new Uint32Array(4 * length),
  destination: new Uint32Array(4 * length),
  sourcePort: new Uint16Array(length),
  destinationPort: new Uint16Array(length),
  next: new Int32Array(length),
});

export type PacketTable = ReturnType<typeof packetTable>;
export type HopTable = ReturnType<typeof hopTable>;

const PACKET_BYTES = bytesOf(packetTable(1));
const HOP_BYTES = bytesOf(hopTable(1));

export interface Store {
  /** Others after each `add`. */
  readonly packets: PacketTable;
  readonly hops: HopTable;
  readonly used: number;
  hasRoom(hopCount: number): boolean;
  /** Copies a path; there must be room. */
  add(view: PathView): number;
  /** Writes another path of as many hops over it. */
  replace(packet: number, view: PathView): void;
  release(packet: number): void;
  /** What is allocated: never more than the store was made for. */
  bytes(): number;
}

const FIRST_PACKETS = 512;
/** What is planned for; longer and shorter ones share the room. */
const HOPS_PER_PACKET = 9;

export function createStore(maxBytes: number): Store {
  const most = Math.floor(maxBytes / (PACKET_BYTES + HOPS_PER_PACKET * HOP_BYTES));
  const packets = createArena(packetTable, FIRST_PACKETS, most);
  const hops = createArena(hopTable, FIRST_PACKETS * HOPS_PER_PACKET, most * HOPS_PER_PACKET);

  function takeHops(packet: number, count: number): void {
    let previous = NONE;
    for (let taken = 0; taken < count; taken++) {
      const hop = hops.take();
      hops.table.next[hop] = NONE;
      if (previous === NONE) packets.table.firstHop[packet] = hop;
      else hops.table.next[previous] = hop;
      previous = hop;
    }
    packets.table.lastHop[packet] = previous;
  }

  function write(packet: number, view: PathView): void {
    writePacket(packets.table, packet, view);
    let entry = packets.table.firstHop[packet];
    for (let hop = 0; hop <= lastOf(view); hop++) {
      writeHop(hops.table, entry, view, hop);
      entry = hops.table.next[entry];
    }
  }

  return {
    get packets() {
      return packets.table;
    },
    get hops() {
      return hops.table;
    },
    get used() {
      return packets.used;
    },
    hasRoom: (hopCount) => packets.used < packets.most && hops.used + Math.max(1, hopCount) <= hops.most,
    add(view) {
      const packet = packets.take();
      packets.table.next[packet] = packets.table.reply[packet] = NONE;
      takeHops(packet, lastOf(view) + 1);
      write(packet, view);
      return packet;
    },
    replace: write,
    release(packet) {
      for (let hop = packets.table.firstHop[packet]; hop !== NONE;) {
        const next = hops.table.next[hop];
        hops.give(hop);
        hop = next;
      }
      packets.give(packet);
    },
    bytes: () => packets.bytes() + hops.bytes(),
  };
}

export const nodeNsOf = (view: PathView, hop: number): number =>
  view.frames[hop].baseNs + view.frames[hop].timeNs[view.rows[hop]];

export const wallMsOf = (view: PathView): number => viewerMs(view.frames[0].stream, nodeNsOf(view, 0));

function writePacket(table: PacketTable, at: number, view: PathView): void {
  const [frame, row, last] = [view.frames[0], view.rows[0], lastOf(view)];
  table.wallMs[at] = wallMsOf(view);
  table.firstNs[at] = nodeNsOf(view, 0);
  table.lastNs[at] = nodeNsOf(view, last);
  table.firstStream[at] = frame.stream.id;
  table.lastStream[at] = view.frames[last].stream.id;
  table.totalNs[at] = view.totalNs;
  table.boundNs[at] = view.totalBoundNs;
  const isDropHere = view.hopCount > 0 && view.drop?.stream === view.frames[last].stream;
  table.droppedAfterNs[at] = isDropHere ? view.drop!.timeNs - nodeNsOf(view, last) : NaN;
  table.identityLow[at] = view.identityLow;
  table.identityHigh[at] = view.identityHigh;
  table.payload[at] = frame.payload[row];
  table.kind[at] = view.kind;
  table.exponent[at] = frame.exponent[row];
}

function writeHop(table: HopTable, at: number, view: PathView, hop: number): void {
  const [frame, row, flow] = [view.frames[hop], view.rows[hop], flowAt(view, hop)];
  table.durationNs[at] = hop === 0 ? 0 : view.durationsNs[hop - 1];
  table.boundNs[at] = hop === 0 ? 0 : view.boundsNs[hop - 1];
  table.relativeBoundNs[at] = hop === 0 ? 0 : view.relativeBoundsNs[hop - 1];
  table.bytes[at] = frame.bytes[row];
  table.wirePackets[at] = frame.wirePackets[row];
  table.encapsulation[at] = frame.encapsulation[row];
  for (let word = 0; word < 4; word++) {
    table.source[4 * at + word] = frame.source[4 * flow + word];
    table.destination[4 * at + word] = frame.destination[4 * flow + word];
  }
  table.sourcePort[at] = frame.sourcePort[flow];
  table.destinationPort[at] = frame.destinationPort[flow];
}
