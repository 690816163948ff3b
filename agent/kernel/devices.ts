/**
 * The node's devices as netlink tells of them: what they are, and which of them to watch. Names only label. Pure: it
 * takes the library's events and says what is there; attaching is the worker's.
 */
import type { Device, DeviceKind } from '../wire/messages.ts';
import type { NetlinkEvent } from './library.ts';

type Link = Extract<NetlinkEvent, { type: 'link' }>;

/** The facts that classify; nothing of ours. */
export interface NetlinkView {
  links: Map<number, Link>;
  /** By address: the ifindex that has it. */
  addresses: Map<string, number>;
  /** Routes that leave the node's own networks, by destination, table and metric. */
  routes: Map<string, NextHop[]>;
}

/** The gateway is empty for a default route that needs none. */
interface NextHop {
  gateway: string;
  ifindex: number;
}

export const emptyView = (): NetlinkView => ({ links: new Map(), addresses: new Map(), routes: new Map() });

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;

/** Applies one event. Returns whether anything that this module speaks of changed. */
export function applyEvent(view: NetlinkView, event: NetlinkEvent): boolean {
  switch (event.type) {
    case 'snapshot-begin':
      view.links.clear();
      view.addresses.clear();
      view.routes.clear();
      return true;
    case 'snapshot-end':
      return true;
    case 'link': {
      const known = view.links.get(event.ifindex);
      view.links.set(event.ifindex, event);
      return JSON.stringify(known) !== JSON.stringify(event);
    }
    case 'link-gone':
      return view.links.delete(event.ifindex);
    case 'address':
      return applyAddress(view, event);
    case 'route':
      return applyRoute(view, event);
    case 'neighbour':
    case 'routing-rule':
      return false;
  }
}

function applyAddress(view: NetlinkView, event: Extract<NetlinkEvent, { type: 'address' }>): boolean {
  if (event.gone) return view.addresses.delete(event.ip);
  if (view.addresses.get(event.ip) === event.ifindex) return false;
  view.addresses.set(event.ip, event.ifindex);
  return true;
}

function applyRoute(view: NetlinkView, event: Extract<NetlinkEvent, { type: 'route' }>): boolean {
  const hops = event.nexthops ?? [event];
  const key = `${event.destination} ${event.table} ${event.metric}`;
  if (event.refusal !== undefined) return view.routes.delete(key);
  if (!event.default && hops.every((hop) => hop.gateway === '')) return false;
  if (event.gone) return view.routes.delete(key);
  view.routes.set(key, hops);
  return true;
}

/** Kinds that netlink names outright. */
const kinds: Record<string, DeviceKind> = {
  bridge: 'bridge', openvswitch: 'bridge', vxlan: 'vxlan', geneve: 'geneve', ipip: 'ipip', sit: 'ipip', ip6tnl: 'ipip',
  gre: 'ipip', gretap: 'ipip', wireguard: 'wireguard',
}; // prettier-ignore

/** Kinds that could carry the node's own traffic to other nodes. */
const canBeUplink = (link: Link): boolean => !(link.linkType in kinds) && link.arphrd !== ARPHRD_LOOPBACK;

/**
 * Devices that lead out of the node: those with a default route or a route over a gateway, and those under a tunnel's
 * local address, and what those are stacked on (a VLAN's device). A gateway that is the node itself leads to its own pods
 * (Cilium routes to them so).
 */
function uplinks(view: NetlinkView): Set<number> {
  const found = new Set<number>();
  const add = (ifindex: number | undefined): void => {
    const link = ifindex === undefined ? undefined : view.links.get(ifindex);
    if (!link || !canBeUplink(link) || found.has(link.ifindex)) return;
    found.add(link.ifindex);
    add(link.parent);
  };
  for (const hops of view.routes.values()) {
    for (const hop of hops) if (!view.addresses.has(hop.gateway)) add(hop.ifindex);
  }
  for (const link of view.links.values()) {
    if (!link.vxlan) continue;
    add(view.addresses.get(link.vxlan.local));
    add(link.vxlan.device);
  }
  return found;
}

function kindOf(link: Link, uplink: boolean): DeviceKind {
  if (uplink) return 'uplink';
  if (link.linkType === 'veth') return link.peerNsid >= 0 ? 'pod' : 'veth';
  if (link.linkType in kinds) return kinds[link.linkType];
  if (link.linkType === '' && link.arphrd === ARPHRD_ETHER) return 'physical';
  return 'other';
}

/** What our own attaching adds. */
export interface Attachment {
  attached: boolean;
  error?: string;
  foreignPrograms: Device['foreignPrograms'];
}

const unattached: Attachment = { attached: false, foreignPrograms: { ingress: 0, egress: 0 } };

/** All devices but loopback, by ifindex. */
export function listDevices(view: NetlinkView, attachments: ReadonlyMap<number, Attachment>): Device[] {
  const outward = uplinks(view);
  const addresses = new Map<number, string[]>();
  for (const [ip, ifindex] of view.addresses) addresses.set(ifindex, [...(addresses.get(ifindex) ?? []), ip]);
  return [...view.links.values()]
    .filter((link) => link.arphrd !== ARPHRD_LOOPBACK)
    .sort((a, b) => a.ifindex - b.ifindex)
    .map((link) => ({
      ifindex: link.ifindex,
      name: link.name,
      kind: kindOf(link, outward.has(link.ifindex)),
      linkType: link.linkType,
      mtu: link.mtu,
      mac: link.mac,
      up: link.up,
      addresses: addresses.get(link.ifindex) ?? [],
      master: link.master,
      ...(link.parent > 0 && { parent: link.parent }),
      ...(link.peerNsid >= 0 && { peer: { nsid: link.peerNsid, ifindex: link.peerIfindex } }),
      ...(link.vxlan && { tunnel: { vni: link.vxlan.vni, port: link.vxlan.port, local: link.vxlan.local } }),
      ...(link.xdp && { xdp: link.xdp }),
      ...(attachments.get(link.ifindex) ?? unattached),
    }));
}

/** How our programs must read a device's packets. */
export const deviceFlags = (view: NetlinkView, device: Device): { ethernet: boolean; underlay: boolean } => ({
  ethernet: view.links.get(device.ifindex)?.arphrd === ARPHRD_ETHER,
  underlay: device.kind === 'uplink' || device.kind === 'physical',
});

/** A shell-like pattern of `*` and `?` as a regular expression. */
export function globToRegExp(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${pattern}$`);
}

/** Whether to watch a device: those that match a pattern, or where there are none all but the unknown kinds. */
export const isWanted = (device: Device, patterns: RegExp[]): boolean =>
  patterns.length > 0 ? patterns.some((pattern) => pattern.test(device.name)) : device.kind !== 'other';

/** Ports that VXLAN devices of this node use. */
export const vxlanPorts = (view: NetlinkView): number[] =>
  [...view.links.values()].flatMap((link) => (link.vxlan ? [link.vxlan.port] : []));
