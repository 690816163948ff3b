import { flannel } from '../networks/flannel.ts';
import type { Topology } from '../topology.ts';

/*
 *   web ─┐                                                                           ┌─ api
 *       cni0 ── flannel.1 ── eth0.100 ── eth0 ════════ eth0 ── eth0.100 ── flannel.1 ── cni0
 *  shop ─┘  n1          192.168.1.10      VLAN 100         192.168.1.11         n2   └─ data
 *
 * eth0 has no address. The tag travels beside the packet on veth (skb->vlan_tci), never in its bytes.
 */
export const topology: Topology = {
  summary: 'two nodes in a VLAN, Flannel with VXLAN, two pods each, IPv4 and IPv6',
  nodes: [
    { name: 'n1', pods: ['web', 'shop'] },
    { name: 'n2', pods: ['api', 'data'] },
  ],
  vlans: [100],
  network: flannel('vxlan'),
};
