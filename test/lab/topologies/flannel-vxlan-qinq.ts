import { flannel } from '../networks/flannel.ts';
import type { Topology } from '../topology.ts';

/*
 *   web ─┐                                                                 ┌─ api
 *       cni0 ── flannel.1 ── eth0.200.100 ── eth0.200 ── eth0 ════ eth0 ── …
 *  shop ─┘  n1          192.168.1.10                                 n2    └─ data
 *
 * VLAN 100 (802.1Q) within 200 (802.1ad). On eth0 the outer tag is beside the packet and the inner one in its bytes: 4 more.
 */
export const topology: Topology = {
  summary: 'two nodes in a VLAN within a VLAN (QinQ), Flannel with VXLAN, two pods each, IPv4 and IPv6',
  nodes: [
    { name: 'n1', pods: ['web', 'shop'] },
    { name: 'n2', pods: ['api', 'data'] },
  ],
  vlans: [200, 100],
  network: flannel('vxlan'),
};
