import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inNamespace, ipBatch, run } from './run.ts';
import type { NodeLayout, PlannedNode, PodLayout, Topology } from './topology.ts';

export interface Offloads {
  /** TCP segmentation by the uplink: off forces segments of MTU size onto the wire. */
  tso?: boolean;
  gso?: boolean;
  /** Merging of received segments. */
  gro?: boolean;
}

/** How eth0 comes into the nodes: the wire's TAPs, or nothing and then `joinNodes` lays cables. */
export const underlayNamespace = (id: string) => `hl-${id}-underlay`;

/** Makes the namespaces, empty and with the sysctls that devices inherit when they appear. */
export async function makeNamespaces(namespaces: string[]): Promise<void> {
  await ipBatch(namespaces.map((name) => `netns add ${name}`));
  await Promise.all(namespaces.map((name) => writeSysctls(name, quiet)));
}

/* Nothing of the lab is to depend on the machine's own settings, and nobody is to wait for a duplicate address. */
const quiet = {
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
  '-net/ipv6/conf/all/disable_ipv6': '0',
  '-net/ipv6/conf/default/disable_ipv6': '0',
  '-net/ipv6/conf/default/accept_dad': '0',
  '-net/ipv6/conf/default/accept_ra': '0',
  '-net/ipv6/conf/default/router_solicitations': '0',
};

const nodeSysctls = { 'net/ipv4/ip_forward': '1', '-net/ipv6/conf/all/forwarding': '1' };

async function writeSysctls(netns: string, values: Record<string, string>): Promise<void> {
  const lines = Object.entries(values).map(([path, value]) => {
    const file = `/proc/sys/${path.replace(/^-/, '')}`;
    return path.startsWith('-') ? `[ ! -e ${file} ] || echo ${value} > ${file}` : `echo ${value} > ${file}`;
  });
  if (lines.length > 0) await run(inNamespace(netns, ['sh', '-e']), { input: lines.join('\n') });
}

/** Two nodes are joined by one cable (a veth pair), more by a switch (a bridge) in a namespace of its own. */
export async function joinNodes(nodes: PlannedNode[], underlay: string): Promise<void> {
  const [one, other] = nodes;
  if (nodes.length === 2) {
    await ipBatch([
      `link add eth0 mtu ${one.mtu} netns ${one.netns} type veth peer name eth0 mtu ${other.mtu} netns ${other.netns}`,
    ]);
    return;
  }
  await ipBatch(
    nodes.map(
      (n) => `link add eth0 mtu ${n.mtu} netns ${n.netns} type veth peer name ${n.name} mtu ${n.mtu} netns ${underlay}`,
    ),
  );
  const ports = nodes.map((node) => `link set dev ${node.name} master switch up`);
  await ipBatch(
    [`link add switch mtu ${one.mtu} type bridge mcast_snooping 0`, 'link set switch up', ...ports],
    underlay,
  );
}

/** Everything behind the uplinks, all nodes at the same time. */
export async function buildNodes(topology: Topology, nodes: PlannedNode[], offloads: Offloads): Promise<void> {
  await Promise.all(nodes.map((node) => buildNode(node, topology.network(node, nodes), offloads)));
}

async function buildNode(node: PlannedNode, layout: NodeLayout, offloads: Offloads): Promise<void> {
  await ipBatch(node.pods.map((pod, i) => podLink(node.netns, pod.netns, layout.pods[i])));
  // Device and protocol settings first: IPv6 routes need forwarding known, proxy ARP its device.
  await writeSysctls(node.netns, { ...nodeSysctls, ...layout.sysctls });
  await ipBatch([...uplink(node), ...layout.ip], node.netns);
  if (layout.bridge.length > 0) {
    await run(['bridge', '-n', node.netns, '-batch', '-'], { input: layout.bridge.join('\n') + '\n' });
  }
  await Promise.all([
    setOffloads(node.netns, offloads),
    ...node.pods.map((pod, i) => ipBatch(['link set lo up', ...layout.pods[i].ip], pod.netns)),
  ]);
}

const podLink = (node: string, pod: string, { device, mac, mtu }: PodLayout) =>
  `link add ${device} mtu ${mtu}${mac ? ` address ${mac}` : ''} netns ${node} type veth peer name eth0 mtu ${mtu} netns ${pod}`;

/*
 * The default route's gateway does not exist. It must be there for service addresses to be routable before they are
 * translated, and must not be the other node: packets would then cross without any route of the network's own.
 */
const uplink = (node: PlannedNode) => [
  'link set lo up',
  `link set eth0 mtu ${node.mtu}`,
  'link set eth0 up',
  ...vlanDevices(node),
  `address add ${node.address}/24 dev ${node.uplink}`,
  `address add ${node.address6}/64 dev ${node.uplink} nodad`,
  `route add default via 192.168.1.1 dev ${node.uplink}`,
  `route add default via fd00:192:168:1::1 dev ${node.uplink}`,
];

/** One in another; of two the outer one is a provider's (802.1ad). */
const vlanDevices = ({ vlans }: PlannedNode): string[] =>
  vlans.flatMap((id, place) => {
    const lower = ['eth0', ...vlans.slice(0, place)].join('.');
    const protocol = place + 1 < vlans.length ? '802.1ad' : '802.1Q';
    return [
      `link add link ${lower} name ${lower}.${id} type vlan protocol ${protocol} id ${id}`,
      `link set ${lower}.${id} up`,
    ];
  });

async function setOffloads(netns: string, { tso, gso, gro }: Offloads): Promise<void> {
  const features: string[] = [];
  const set = (name: string, on: boolean) => features.push(name, on ? 'on' : 'off');
  if (tso !== undefined) set('tso', tso);
  if (gso !== undefined) set('gso', gso);
  if (gro !== undefined) set('gro', gro);
  if (tso === false || gso === false) {
    set('tx-udp_tnl-segmentation', false);
    set('tx-udp_tnl-csum-segmentation', false);
  }
  if (features.length > 0) await run(inNamespace(netns, ['ethtool', '-K', 'eth0', ...features]));
}

/** Whether the machine has a command; looks in PATH without running anything, which a Ctrl-C would end. */
export const hasCommand = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => isProgram(join(folder, name)));

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
