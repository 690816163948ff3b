import type { Network, NodeLayout, PlannedNode } from '../topology.ts';
import { nodeRoutes, vxlanMesh, vxlanOverhead } from './vxlan.ts';

/**
 * Flannel with the bridge plugin: pods behind cni0, the other nodes' pods behind flannel.1 (`vxlan`) or behind the
 * nodes' own addresses (`host-gw`). IPv6 uses the same flannel.1, where Flannel itself would make a flannel-v6.1.
 */
export function flannel(backend: 'vxlan' | 'host-gw'): Network {
  return (node, nodes) => {
    const pods = bridgePods(node, backend === 'vxlan' ? node.mtu - vxlanOverhead : node.mtu);
    const others =
      backend === 'vxlan'
        ? vxlanMesh(node, nodes, { device: 'flannel.1', vni: 1, port: 8472, prefixLength: 24 })
        : { ip: nodeRoutes(node, nodes, 24), bridge: [] };
    return { ...pods, ip: [...pods.ip, ...others.ip], bridge: others.bridge };
  };
}

/** As the CNI bridge plugin makes it: 0a:58 and the gateway's IPv4 address. */
const bridgeMac = (podPrefix: string): string =>
  ['0a', '58', ...`${podPrefix}.1`.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');

/** Pods as the CNI bridge plugin leaves them, hairpin mode on as Flannel asks for. */
export function bridgePods(node: PlannedNode, mtu: number): NodeLayout {
  const gateway = `${node.podPrefix}.1`;
  const gateway6 = `${node.podPrefix6}::1`;
  const devices = node.pods.map((pod) => `veth${pod.name}`);
  return {
    ip: [
      // An address of its own: without, it changes with the ports, and pods that know the old one are cut off.
      `link add cni0 address ${bridgeMac(node.podPrefix)} mtu ${mtu} type bridge`,
      `address add ${gateway}/24 dev cni0`,
      `address add ${gateway6}/64 dev cni0 nodad`,
      'link set cni0 up',
      ...devices.flatMap((device) => [
        `link set ${device} master cni0 up`,
        `link set ${device} type bridge_slave hairpin on`,
      ]),
    ],
    bridge: [],
    // kubelet asks for it: without, an answer between two pods of one node passes by the service's NAT.
    sysctls: { '-net/bridge/bridge-nf-call-iptables': '1', '-net/bridge/bridge-nf-call-ip6tables': '1' },
    pods: node.pods.map((pod, i) => ({
      device: devices[i],
      mtu,
      ip: [
        `address add ${pod.ip}/24 dev eth0`,
        `address add ${pod.ip6}/64 dev eth0 nodad`,
        'link set eth0 up',
        `route add default via ${gateway}`,
        `route add default via ${gateway6} dev eth0`,
      ],
    })),
  };
}
