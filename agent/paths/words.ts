/** The numbers of bpf/record.h that frames carry, for readers that have no BTF to derive them from (a browser, a replay). */

/** Those above egress are no hops: a record of a dropped packet. */
export const Direction = { ingress: 0, egress: 1, drop: 2, dropInPod: 3 } as const;

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

export const directionName = (direction: number): 'ingress' | 'egress' =>
  direction === Direction.ingress ? 'ingress' : 'egress';

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
