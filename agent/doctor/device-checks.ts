/** What an agent would see in this network namespace. Pure. */
import { applyEvent, emptyView, isWanted, listDevices, type NetlinkView } from '../kernel/devices.ts';
import type { NetlinkEvent, Offloads } from '../kernel/library.ts';
import { counted } from '../trace/numbers.ts';
import type { Device } from '../wire/messages.ts';
import { isFound, ok, problem, warning, type Answer, type Check } from './check.ts';
import type { ProgramsAt } from './examined.ts';
import type { Host } from './host.ts';

export interface DoctorDevice extends Pick<
  Device,
  'ifindex' | 'name' | 'kind' | 'linkType' | 'mtu' | 'up' | 'addresses' | 'tunnel' | 'xdp'
> {
  /** Whether an agent with these options would watch it. */
  watched: boolean;
  /** Of tc and tcx in the order in which they run; null where they may not be listed. */
  programs: ProgramsAt | null;
  offloads: Offloads | null;
}

export function viewOf(events: NetlinkEvent[]): NetlinkView {
  const view = emptyView();
  for (const event of events) applyEvent(view, event);
  return view;
}

/** All devices but loopback, as the agent's own table has them. */
export const devicesIn = (view: NetlinkView): Device[] => listDevices(view, new Map());

export function describe(
  devices: Device[],
  patterns: RegExp[],
  programs: Answer<Record<number, ProgramsAt>>,
  offloads: Answer<Record<string, Offloads>>,
): DoctorDevice[] {
  return devices.map((device) => {
    const { ifindex, name, kind, linkType, mtu, up, addresses, tunnel, xdp } = device;
    return {
      ifindex, name, kind, linkType, mtu, up, watched: isWanted(device, patterns), addresses,
      ...(tunnel && { tunnel }),
      ...(xdp && { xdp }),
      programs: (isFound(programs) && programs.value[ifindex]) || null,
      offloads: (isFound(offloads) && offloads.value[name]) || null,
    }; // prettier-ignore
  });
}

const namesOf = (devices: { name: string }[]): string => {
  const shown = devices.slice(0, 5).map((device) => device.name);
  return [...shown, ...(devices.length > shown.length ? [`${devices.length - shown.length} more`] : [])].join(', ');
};

export function checkDevices(devices: DoctorDevice[], maxDevices: number): Check {
  const watched = devices.filter((device) => device.watched).length;
  const found = `${watched} of ${counted(devices.length, 'device')} would be watched (--max-devices ${maxDevices})`;
  if (watched === 0)
    return problem(
      'devices',
      found,
      'run it in the network namespace of a node; --device names devices of other kinds',
    );
  if (watched > maxDevices) return problem('devices', found, 'raise --max-devices, or narrow --device');
  if (watched > 0.8 * maxDevices) return warning('devices', found, 'raise --max-devices before pods are left out');
  return ok('devices', found);
}

export function checkUplinks(devices: DoctorDevice[]): Check {
  const uplinks = devices.filter((device) => device.kind === 'uplink');
  const unwatched = uplinks.filter((device) => !device.watched);
  if (uplinks.length === 0)
    return warning('uplinks', "no device leads to other nodes: there is no default route, no route over a gateway, no tunnel's local address", 'what leaves the node is not seen until there is one'); // prettier-ignore
  if (unwatched.length > 0)
    return warning('uplinks', `--device leaves out ${namesOf(unwatched)}`, 'packets are then not followed from node to node'); // prettier-ignore
  return ok('uplinks', namesOf(uplinks));
}

/** Kinds that carry nobody's packets through the node. */
const idle = ['dummy', 'ifb', 'nlmon', 'vcan'];

export function checkUnknown(devices: DoctorDevice[]): Check {
  const unknown = devices.filter((device) => device.kind === 'other');
  const carrying = unknown.filter((device) => device.up && !device.watched && !idle.includes(device.linkType));
  if (carrying.length > 0) {
    const what = carrying.map(({ name, linkType }) => ({ name: `${name} (${linkType || 'no kind'})` }));
    return warning('unknown-devices', `of kinds that hoplens does not know: ${namesOf(what)}`, "--device watches them, beside the patterns of all others'"); // prettier-ignore
  }
  if (unknown.length > 0) return ok('unknown-devices', `carry nothing through the node, or are watched: ${namesOf(unknown)}`); // prettier-ignore
  return ok('unknown-devices', 'none');
}

/** A native program's drops are none yet to the kernel; what it redirects passes no hook of ours. */
export function checkXdp(devices: DoctorDevice[]): Check[] {
  const early = devices.filter((device) => device.watched && device.xdp !== undefined && device.xdp !== 'generic');
  if (early.length === 0) return [ok('xdp', 'no native XDP program stands before us')];
  return early.map(
    ({ name, xdp }) =>
    warning('xdp', `an XDP program sits at ${name} (${xdp})`, 'what it drops or redirects vanishes before we see it: ask it for its own counters'), // prettier-ignore
  );
}

/** Card and driver merge segments with different ACKs and timestamps: what leaves has an identity that came from nowhere. */
export function checkLro(devices: DoctorDevice[]): Check[] {
  const merging = devices.filter((device) => device.watched && device.offloads?.lro);
  if (merging.length === 0) return [ok('lro', 'no watched device merges segments in hardware')];
  return merging.map(
    ({ name }) =>
    warning('lro', `${name} merges segments in hardware (LRO): merged packets have another identity, and paths end there`, `ethtool -K ${name} lro off; GRO does the same and keeps what identifies a packet`), // prettier-ignore
  );
}

/** What the kubelet writes at the head of a pod's /etc/hosts. */
const OWN_NETWORK = '# Kubernetes-managed hosts file.';
const HOST_NETWORK = '# Kubernetes-managed hosts file (host network).';

/** A node has bridges, tunnels or pods; a pod has one device, whose other end is on the node. */
const isLikePods = (devices: Device[]): boolean =>
  devices.length > 0 && devices.every(({ linkType, peer }) => linkType === 'veth' && peer !== undefined);

export function checkNamespace({ hosts, isPod }: Pick<Host, 'hosts' | 'isPod'>, devices: Device[]): Check {
  const [head] = hosts.split('\n', 1);
  // Modules leave devices that are down in every namespace (tunl0, sit0).
  const used = devices.filter(({ kind, up }) => kind !== 'other' && up);
  if (head === OWN_NETWORK && isLikePods(used))
    return problem('namespace', 'this is a pod with a network namespace of its own: it sees its own packets alone', 'set hostNetwork: true'); // prettier-ignore
  if (head === HOST_NETWORK) return ok('namespace', "a pod in the node's network namespace (hostNetwork)");
  if (isLikePods(used))
    return warning(
      'namespace',
      `${namesOf(used)}, which leads into another namespace, is all there is: this looks like a pod's own`,
      "run it in the node's network namespace",
    );
  if (head === OWN_NETWORK)
    return ok('namespace', 'a pod with a network of its own that has more devices than a pod has');
  return ok('namespace', isPod ? 'a pod, of which kubelet does not say whose network it has' : 'no pod');
}
