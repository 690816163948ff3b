import type { Network, NodeLayout, PlannedNode } from '../topology.ts';
import { nodeRoutes, vxlanMesh, vxlanOverhead } from './vxlan.ts';

/** Calico: no bridge, a /32 route to each pod, blocks of 64 addresses between nodes by BIRD's routes or by VXLAN. */
export function calico(backend: 'routed' | 'vxlan'): Network {
  return (node, nodes) => {
    const pods = routedPods(node, backend === 'vxlan' ? node.mtu - vxlanOverhead : node.mtu);
    const others =
      backend === 'vxlan'
        ? vxlanMesh(node, nodes, { device: 'vxlan.calico', vni: 4096, port: 4789, prefixLength: 26, protocol: '80' })
        : { ip: nodeRoutes(node, nodes, 26, 'bird'), bridge: [] };
    const ownBlock = `route add blackhole ${node.podPrefix}.0/26 proto ${backend === 'vxlan' ? '80' : 'bird'}`;
    return { ...pods, ip: [...pods.ip, ownBlock, ...others.ip], bridge: others.bridge };
  };
}

/** Every cali* device has this address, so that a pod's gateway stays the same wherever the pod runs. */
const hostMac = 'ee:ee:ee:ee:ee:ee';
const hostLinkLocal = 'fe80::ecee:eeff:feee:eeee';
const gateway = '169.254.1.1';

function routedPods(node: PlannedNode, mtu: number): NodeLayout {
  const devices = node.pods.map((pod) => `cali${pod.name}`);
  const sysctls: Record<string, string> = {};
  for (const device of devices) {
    sysctls[`net/ipv4/conf/${device}/proxy_arp`] = '1';
    sysctls[`net/ipv4/neigh/${device}/proxy_delay`] = '0';
  }
  return {
    ip: devices.flatMap((device, i) => [
      `link set ${device} up`,
      `route add ${node.pods[i].ip}/32 dev ${device} scope link`,
      `route add ${node.pods[i].ip6}/128 dev ${device}`,
    ]),
    bridge: [],
    sysctls,
    pods: node.pods.map((pod, i) => ({
      device: devices[i],
      mac: hostMac,
      mtu,
      ip: [
        `address add ${pod.ip}/32 dev eth0`,
        `address add ${pod.ip6}/128 dev eth0 nodad`,
        'link set eth0 up',
        `route add ${gateway} dev eth0 scope link`,
        `route add default via ${gateway} dev eth0`,
        `route add default via ${hostLinkLocal} dev eth0`,
      ],
    })),
  };
}
