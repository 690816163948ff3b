/** A kept packet as an object of its own: made when somebody looks. */
import { formatAddress, formatEndpoint } from '../paths/addresses.ts';
import { dropOf } from '../paths/json.ts';
import type { PathView } from '../paths/view.ts';
import { identityText } from '../paths/words.ts';
import { describeLoss, isLost } from '../trace/losses.ts';
import { shapeOf, type Shape } from '../trace/shape.ts';
import { NONE } from './arena.ts';
import { kindName, packetName, type Exchange, type Packet, type PacketDrop, type PacketHop } from './packet.ts';
import type { Store } from './store.ts';

/** What all packets of a row have in common. */
export interface Common extends Shape {
  loss: string;
  drop: PacketDrop | undefined;
}

export const dropFacts = ({ drop }: PathView): PacketDrop | undefined => drop && { ...dropOf(drop), stack: drop.stack };

export function readPacket({ packets, hops }: Store, at: number, common: Common): Packet {
  const { hops: places, segments, ...rest } = common;
  const entries: number[] = [];
  for (let hop = packets.firstHop[at]; hop !== NONE && entries.length < places.length; hop = hops.next[hop])
    entries.push(hop);
  let timeNs = 0;
  const [low, high, wallMs] = [packets.identityLow[at], packets.identityHigh[at], packets.wallMs[at]];
  return {
    ...rest,
    name: packetName(low, high, wallMs),
    identity: identityText(low, high),
    kind: kindName(packets.kind[at]),
    wallMs,
    exponent: packets.exponent[at],
    payload: packets.payload[at],
    hops: entries.map((hop, index) => {
      timeNs += hops.durationNs[hop];
      return { ...places[index], ...readHop(hops, hop), timeNs };
    }),
    segments: segments.map((segment, index) => {
      const to = entries[index + 1];
      return {
        ...segment,
        durationNs: hops.durationNs[to],
        boundNs: hops.boundNs[to],
        relativeBoundNs: hops.relativeBoundNs[to],
      };
    }),
    totalNs: packets.totalNs[at],
    boundNs: packets.boundNs[at],
    droppedAfterNs: packets.droppedAfterNs[at],
  };
}

type Figures = Pick<PacketHop, 'bytes' | 'addedBytes' | 'wirePackets' | 'source' | 'destination'>;

function readHop(hops: Store['hops'], at: number): Figures {
  const endpoint = (words: Uint32Array, port: number): string => formatEndpoint(formatAddress(words, 4 * at), port);
  return {
    bytes: hops.bytes[at],
    addedBytes: hops.encapsulation[at],
    wirePackets: hops.wirePackets[at],
    source: endpoint(hops.source, hops.sourcePort[at]),
    destination: endpoint(hops.destination, hops.destinationPort[at]),
  };
}

/** A packet and its answer, both of which are kept. */
export function readExchange(
  store: Store,
  at: number,
  commonOf: (row: number) => Common | undefined,
): Exchange | undefined {
  const common = commonOf(store.packets.row[at]);
  if (!common) return undefined;
  const packet = readPacket(store, at, common);
  const back = store.packets.reply[at];
  const backCommon = back === NONE ? undefined : commonOf(store.packets.row[back]);
  if (!backCommon) return { packet, reply: undefined, turnaroundNs: NaN, roundTripNs: NaN };
  const { firstNs, lastNs, firstStream, lastStream } = store.packets;
  const isHome = firstStream[at] === lastStream[back] && backCommon.loss === '';
  return {
    packet,
    reply: readPacket(store, back, backCommon),
    turnaroundNs: firstNs[back] - lastNs[at],
    roundTripNs: isHome ? lastNs[back] - firstNs[at] : NaN,
  };
}

/** Of a path that was just told. */
export const commonOf = (view: PathView): Common => ({
  ...shapeOf(view),
  loss: isLost(view) ? describeLoss(view) : '',
  drop: dropFacts(view),
});
