/**
 * What tunnels add to each packet on the wire, in bytes; the outer Ethernet header is not counted, for every packet has one.
 *
 * | tunnel | over IPv4 | over IPv6 | made of | source |
 * |---|---|---|---|---|
 * | none | 0 | 0 | plain routes: host-gw, BGP | |
 * | IPIP | 20 | 40 | outer IP | RFC 2003, RFC 2473 |
 * | GRE | 24 | 44 | outer IP, GRE 4 (8 with a key) | RFC 2784, RFC 2890 |
 * | VXLAN | 50 | 70 | outer IP, UDP 8, VXLAN 8, inner Ethernet 14 | RFC 7348 |
 * | Geneve | 50 | 70 | outer IP, UDP 8, Geneve 8, inner Ethernet 14, and its options (8 with OVN) | RFC 8926 |
 * | WireGuard | 60 | 80 | outer IP, UDP 8, header 16, tag 16; the inner packet filled up to 16 | whitepaper, 5.4.6 |
 *
 * WireGuard's padding ends at the MTU of its device: https://git.kernel.org/torvalds/c/drivers/net/wireguard/send.c
 */
import { ETHERNET_BYTES } from './header-bytes.ts';

export interface Backend {
  name: string;
  overV4: number;
  overV6: number;
  /** The inner packet is filled up to a multiple of this. */
  padding: number;
}

export const backends: readonly Backend[] = [
  { name: 'none (host-gw)', overV4: 0, overV6: 0, padding: 1 },
  { name: 'IPIP', overV4: 20, overV6: 40, padding: 1 },
  { name: 'GRE', overV4: 24, overV6: 44, padding: 1 },
  { name: 'VXLAN', overV4: 50, overV6: 70, padding: 1 },
  { name: 'Geneve', overV4: 50, overV6: 70, padding: 1 },
  { name: 'WireGuard', overV4: 60, overV6: 80, padding: 16 },
];

/** Of VXLAN, the tunnel that is measured: how one over IPv6 is told. */
const VXLAN_OVER_V6 = 70;

export const isOverV6 = (tunnelBytes: number): boolean => tunnelBytes >= VXLAN_OVER_V6;

/**
 * Bytes that a backend adds to one inner packet, counted from its IP header.
 * @param mtu of the underlay; Infinity where it is not known
 */
export function addedTo(bytes: number, { overV4, overV6, padding }: Backend, isV6: boolean, mtu = Infinity): number {
  const header = isV6 ? overV6 : overV4;
  const full = Math.max(bytes, Math.min(Math.ceil(bytes / padding) * padding, mtu - header));
  return full - bytes + header;
}

/** Packets on the wire of one size, from the inner IP header on. */
export interface Sized {
  bytes: number;
  packets: number;
}

export interface Cost {
  name: string;
  /** Of all these packets. */
  addedBytes: number;
  /** Of the inner bytes with their link header, as the measured share is. */
  share: number;
  /** Share of packets that would not fit the underlay's MTU. */
  tooLong: number;
}

/** What the same packets would cost under each backend. */
export function costsOf(sizes: readonly Sized[], isV6: boolean, mtu: number): Cost[] {
  const packets = sizes.reduce((all, size) => all + size.packets, 0);
  const inner = sizes.reduce((all, size) => all + size.packets * (size.bytes + ETHERNET_BYTES), 0);
  return backends.map((backend) => {
    let [addedBytes, tooLong] = [0, 0];
    for (const size of sizes) {
      const added = addedTo(size.bytes, backend, isV6, mtu);
      addedBytes += size.packets * added;
      if (size.bytes + added > mtu) tooLong += size.packets;
    }
    return { name: backend.name, addedBytes, share: addedBytes / inner, tooLong: tooLong / packets };
  });
}

export interface Room {
  /** MTU where packets enter, and the least of the uplinks; NaN unknown. */
  podMtu: number;
  uplinkMtu: number;
  tunnelBytes: number;
  /** The device on the way with the least MTU; undefined if none is known. */
  narrowest: { where: string; mtu: number } | undefined;
  /** Of all inner packets so far, from the IP header on. */
  biggest: number;
  /** Packets that the kernel dropped on this way because they were too big, whoever's. */
  tooBig: number;
}

export interface RoomWords {
  state: 'fits' | 'wasted' | 'exceeded' | 'unknown';
  text: string;
}

const count = new Intl.NumberFormat('en-US');
const bytes = (value: number): string => `${count.format(value)} B`;

/** Whether full packets fit what carries them, in a sentence. */
export function roomOf({ podMtu, uplinkMtu, tunnelBytes, narrowest, biggest, tooBig }: Room): RoomWords {
  const seen = biggest > 0 ? ` The biggest so far had ${bytes(biggest)}.` : '';
  if (Number.isNaN(podMtu) || Number.isNaN(uplinkMtu)) return { state: 'unknown', text: `The devices’ MTU is not known.${seen}` }; // prettier-ignore
  const around = tunnelBytes > 0 ? ` and ${bytes(tunnelBytes)} of tunnel` : '';
  const room = uplinkMtu - tunnelBytes - podMtu;
  const lost = tooBig > 0 ? ` On this way ${count.format(tooBig)} packets were dropped as too big.` : '';
  const full = `The pod’s MTU of ${bytes(podMtu)}${around}`;
  if (room < 0) {
    const text = `${full} exceed the uplink’s ${bytes(uplinkMtu)} by ${bytes(-room)}: full packets are cut up or refused.`;
    return { state: 'exceeded', text: `${text}${lost}${seen}` };
  }
  if (narrowest && narrowest.mtu < podMtu) {
    const text = `${full} fit the uplink’s ${bytes(uplinkMtu)}, but not the ${bytes(narrowest.mtu)} of ${narrowest.where}: full packets are cut up or refused.`;
    return { state: 'exceeded', text: `${text}${lost}${seen}` };
  }
  if (tooBig > 0) return { state: 'exceeded', text: `${full} fit the uplink’s ${bytes(uplinkMtu)}, but not all devices.${lost}${seen}` }; // prettier-ignore
  if (room === 0) return { state: 'fits', text: `${full} fill the uplink’s ${bytes(uplinkMtu)} exactly.${seen}` };
  return { state: 'wasted', text: `${full} leave ${bytes(room)} of the uplink’s ${bytes(uplinkMtu)} unused in each full packet.${seen}` }; // prettier-ignore
}
