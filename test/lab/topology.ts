/**
 * What a lab consists of, as data. A topology names nodes and pods and a network; the network says, as lines for
 * `ip -batch` and `bridge -batch`, what one node of it has; `build.ts` carries that out and knows no CNI.
 */

export interface Topology {
  /** One line for `hoplens lab list` and `--help`. */
  summary: string;
  nodes: NodeSpec[];
  /** VLANs that the nodes meet in, outermost first: none, one (802.1Q) or two (802.1Q in 802.1ad). */
  vlans?: number[];
  network: Network;
}

export interface NodeSpec {
  name: string;
  /** Unique among all names of the topology, nodes included. */
  pods: string[];
}

/** A node with everything that follows from its place: the n-th (from 1) has 192.168.1.(9+n) and pods in 10.244.n.0/24. */
export interface PlannedNode {
  name: string;
  index: number;
  netns: string;
  address: string;
  address6: string;
  /** "10.244.1" and "fd00:10:244:1", to be completed by the network. */
  podPrefix: string;
  podPrefix6: string;
  /** Bytes that eth0 carries. */
  mtu: number;
  /** The device with the node's addresses: eth0, or a VLAN on it. */
  uplink: string;
  /** VLANs of it, outermost first. */
  vlans: number[];
  pods: PlannedPod[];
}

export interface PlannedPod {
  name: string;
  netns: string;
  ip: string;
  ip6: string;
}

/** What one node has besides eth0. Must be the same for the same arguments. */
export type Network = (node: PlannedNode, nodes: PlannedNode[]) => NodeLayout;

export interface NodeLayout {
  /** Lines for `ip -batch` in the node's namespace; the pods' veths are there already, down. */
  ip: string[];
  /** Lines for `bridge -batch`. */
  bridge: string[];
  /** Path below /proc/sys to value, written last. A path that begins with "-" may be missing. */
  sysctls: Record<string, string>;
  /** In the order of the node's pods. */
  pods: PodLayout[];
}

export interface PodLayout {
  /** The veth's name on the node, at most 15 characters; its other end is the pod's eth0. */
  device: string;
  mac?: string;
  mtu: number;
  /** Lines for `ip -batch` in the pod's namespace. */
  ip: string[];
}

/** The namespaces and addresses of a lab: all names begin with `hl-<id>-`, so labs never meet. */
export function planNodes(topology: Topology, id: string, mtu: number): PlannedNode[] {
  const vlans = topology.vlans ?? [];
  return topology.nodes.map(({ name, pods }, place) => {
    const index = place + 1;
    const podPrefix = `10.244.${index}`;
    const podPrefix6 = `fd00:10:244:${index}`;
    return {
      name,
      index,
      netns: `hl-${id}-${name}`,
      address: `192.168.1.${9 + index}`,
      address6: `fd00:192:168:1::${9 + index}`,
      podPrefix,
      podPrefix6,
      mtu,
      uplink: ['eth0', ...vlans].join('.'),
      vlans,
      pods: pods.map((pod, i) => ({
        name: pod,
        netns: `hl-${id}-${name}-${pod}`,
        ip: `${podPrefix}.${i + 2}`,
        ip6: `${podPrefix6}::${i + 2}`,
      })),
    };
  });
}

const namePattern = /^[a-z][a-z0-9]{0,9}$/;

/** Sentences that say what is wrong with a topology; none if it can be built. */
export function topologyFaults(topology: Topology): string[] {
  const names = topology.nodes.flatMap((node) => [node.name, ...node.pods]);
  const faults = names.filter((name) => !namePattern.test(name)).map((name) => `"${name}" is not a name`);
  for (const name of new Set(names.filter((name, i) => names.indexOf(name) !== i)))
    faults.push(`"${name}" occurs twice`);
  if (names.includes('underlay')) faults.push('"underlay" is the name of what joins the nodes');
  if ((topology.vlans ?? []).length > 2) faults.push('at most two VLANs are in one another');
  if (topology.nodes.length < 2 || topology.nodes.length > 99) faults.push('2 to 99 nodes are possible');
  if (topology.nodes.some((node) => node.pods.length > 200)) faults.push('a node holds at most 200 pods');
  return faults;
}
