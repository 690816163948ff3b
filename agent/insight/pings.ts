/** For tests: a minute of healthy pings, then a fault, as the records that hops would write. */
import { podFlow, podToPod, type Hop, type Written } from '../paths/synthetic.ts';
import { Kind } from '../paths/words.ts';

/** Seconds from which the fault lasts, and of all. */
export const FROM = 58;
export const UNTIL = 84;
const PER_SECOND = 12;
/** Behind the first hop, in nanoseconds: bridge, route, encap, wire, decap, route, bridge. */
const usualNs = [0, 1e3, 3e3, 6e3, 50e3, 53e3, 56e3, 57e3];

export interface Packet {
  second: number;
  from: number;
  /** Counted from the first of its direction. */
  number: number;
}

/** What a fault makes of a packet's records. */
export type Fault = (records: Written[], packet: Packet) => Written[];

/** Pings between two nodes, both ways, and what the fault makes of them. */
export function pings(fault: Fault): Written[] {
  const packets = Array.from({ length: UNTIL * PER_SECOND * 2 }, (_, at): Packet => {
    const number = at >> 1;
    return { second: Math.floor(number / PER_SECOND), from: at & 1, number };
  });
  return packets.flatMap((packet) => {
    const { from, number, second } = packet;
    const startNs = number * (1e9 / PER_SECOND) + from * 1e6;
    const records = podToPod(from, 0, 1 - from, 0).map((hop: Hop, at): Written => ({
      ...hop, timeNs: Math.round(startNs + usualNs[at] * (1 + ((number * 7) % 5) / 20)), identity: [number + 1, from],
      flow: podFlow(from, 0, 1 - from, 0), kind: Kind.icmp, level: 9,
    })); // prettier-ignore
    return second < FROM ? records : fault(records, packet);
  });
}
