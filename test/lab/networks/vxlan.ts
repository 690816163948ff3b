import type { NodeLayout, PlannedNode } from '../topology.ts';

export interface VxlanOptions {
  device: string;
  vni: number;
  port: number;
  /** The other node's pods: 24 for Flannel, 26 for Calico. */
  prefixLength: number;
  /** Routing protocol number that the daemon puts on its routes. */
  protocol?: string;
}

/** Outer IPv4, UDP, VXLAN and inner Ethernet headers. */
export const vxlanOverhead = 20 + 8 + 8 + 14;

/** The tunnel device's address on layer 2, which every other node enters into its tables. */
const tunnelMac = (node: PlannedNode, vni: number) =>
  ['02', ...[vni >> 16, vni >> 8, vni, 0, node.index].map((byte) => (byte & 255).toString(16).padStart(2, '0'))].join(
    ':',
  );

/**
 * A mesh as Flannel and Calico make it: nothing is learnt or resolved, every other node has a route, a permanent
 * neighbour and a forwarding entry. IPv6 goes through the same device, its outer packets being IPv4.
 */
export function vxlanMesh(
  node: PlannedNode,
  nodes: PlannedNode[],
  options: VxlanOptions,
): Pick<NodeLayout, 'ip' | 'bridge'> {
  const { device, vni, port, prefixLength } = options;
  const protocol = options.protocol ? ` proto ${options.protocol}` : '';
  const ip = [
    `link add ${device} mtu ${node.mtu - vxlanOverhead} address ${tunnelMac(node, vni)} type vxlan id ${vni} dev ${node.uplink} local ${node.address} dstport ${port} nolearning`,
    `address add ${node.podPrefix}.0/32 dev ${device}`,
    `link set ${device} up`,
  ];
  const bridge: string[] = [];
  for (const other of nodes.filter((each) => each !== node)) {
    const gateway6 = `${other.podPrefix6}::`;
    const mac = tunnelMac(other, vni);
    ip.push(
      `neigh add ${other.podPrefix}.0 lladdr ${mac} dev ${device} nud permanent`,
      `neigh add ${gateway6} lladdr ${mac} dev ${device} nud permanent`,
      `route add ${other.podPrefix}.0/${prefixLength} via ${other.podPrefix}.0 dev ${device} onlink${protocol}`,
      `route add ${gateway6}/64 via ${gateway6} dev ${device} onlink${protocol}`,
    );
    bridge.push(`fdb add ${mac} dev ${device} dst ${other.address} self permanent`);
  }
  return { ip, bridge };
}

/** Routes to the other nodes' pods by way of the nodes themselves: no tunnel. */
export function nodeRoutes(node: PlannedNode, nodes: PlannedNode[], prefixLength: number, protocol?: string): string[] {
  const suffix = protocol ? ` proto ${protocol}` : '';
  return nodes
    .filter((other) => other !== node)
    .flatMap((other) => [
      `route add ${other.podPrefix}.0/${prefixLength} via ${other.address} dev ${node.uplink}${suffix}`,
      `route add ${other.podPrefix6}::/64 via ${other.address6} dev ${node.uplink}${suffix}`,
    ]);
}
