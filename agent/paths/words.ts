/** The numbers of bpf/record.h that frames carry, for readers that have no BTF to derive them from (a browser, a replay). */

/** Those above receive are no hops: a record of a dropped packet. */
export const Direction = { ingress: 0, egress: 1, transmit: 2, receive: 3, drop: 4, dropInPod: 5 } as const;

/**
 * As tc sees it; `transmit` and `receive` are an uplink's own: out of its queue to the driver, from the driver before
 * segments are merged.
 */
export type HopDirection = 'ingress' | 'egress' | 'transmit' | 'receive';

/** Hops of one device, for numbers that name a hop. */
export const DIRECTIONS = 4;

/** 16 hex digits. */
export const identityText = (low: number, high: number): string =>
  [high, low].map((word) => word.toString(16).padStart(8, '0')).join('');

export const Kind = {
  mark: 0,
  syn: 1,
  fin: 2,
  rst: 3,
  ack: 4,
  udp: 5,
  icmp: 6,
  icmpError: 7,
  fragment: 8,
  other: 9,
} as const;

const tunnelNames = ['', 'vxlan'] as const;

/** The encapsulating protocol; empty without. */
export const tunnelName = (tunnel: number): string => tunnelNames[tunnel] ?? `tunnel ${tunnel}`;

const directionNames: readonly HopDirection[] = ['ingress', 'egress', 'transmit', 'receive'];

export const directionName = (direction: number): HopDirection => directionNames[direction] ?? 'egress';

export const isDrop = (direction: number): boolean => direction > Direction.receive;

const protocolNames = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmpv6'],
  [132, 'sctp'],
]);

/** IPPROTO_* as a word; other numbers as `ip-<number>`. */
export const protocolName = (protocol: number): string => protocolNames.get(protocol) ?? `ip-${protocol}`;

/** Which of a node's three exponents chooses identities of this kind. */
export function exponentFor(kind: number): 'marks' | 'packets' | 'control' {
  if (kind === Kind.mark) return 'marks';
  return kind === Kind.syn || kind === Kind.fin || kind === Kind.rst ? 'control' : 'packets';
}
