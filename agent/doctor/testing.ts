/** Netlink's words for tests: devices of a node with Flannel. */
import type { NetlinkEvent, Program } from '../kernel/library.ts';

type Link = Extract<NetlinkEvent, { type: 'link' }>;

export const link = (ifindex: number, name: string, linkType: string, more: Partial<Link> = {}): Link => ({
  type: 'link', ifindex, name, linkType, arphrd: 1, mtu: 1500, mac: '02:00:00:00:00:01', up: true, master: 0,
  parent: 0, peerNsid: -1, peerIfindex: 0, ...more,
}); // prettier-ignore

export const address = (ifindex: number, ip: string): NetlinkEvent => ({
  type: 'address', ifindex, ip, prefix: 24, gone: false,
}); // prettier-ignore

const defaultRoute: NetlinkEvent = {
  type: 'route', default: true, destination: '0.0.0.0/0', gateway: '192.168.1.1', ifindex: 2, table: 254, metric: 0, protocol: 4, replaced: false, gone: false,
}; // prettier-ignore

export const vxlan = { vni: 1, port: 8472, local: '192.168.1.10', device: 2 };

/** eth0, cni0, flannel.1 and one pod; `others` take the place of those with the same ifindex. */
export const flannel = (...others: Link[]): NetlinkEvent[] => [
  link(1, 'lo', '', { arphrd: 772 }),
  link(2, 'eth0', ''),
  link(3, 'cni0', 'bridge', { mtu: 1450 }),
  link(4, 'flannel.1', 'vxlan', { mtu: 1450, vxlan }),
  link(5, 'vethweb', 'veth', { mtu: 1450, peerNsid: 1, peerIfindex: 2, master: 3 }),
  ...others,
  address(2, '192.168.1.10'),
  defaultRoute,
];

export const program = (hook: Program['hook'], name: string, own = false): Program => ({ hook, name, own });
