/** Lengths of headers without options, and the protocols that have them. */
export const ETHERNET_BYTES = 14;
export const IPV4_BYTES = 20;
export const IPV6_BYTES = 40;
export const TCP_BYTES = 20;
export const UDP_BYTES = 8;

export const Protocol = { tcp: 6, udp: 17 } as const;
