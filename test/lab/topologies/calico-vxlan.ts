import { calico } from '../networks/calico.ts';
import type { Topology } from '../topology.ts';

/*
 *   web 10.244.1.2 ── caliweb ──┐                                                        ┌── caliapi ── api 10.244.2.2
 *                             (route) ── vxlan.calico ── eth0 ════ eth0 ── vxlan.calico ── (route)
 *  shop 10.244.1.3 ── calishop ─┘  n1                                                n2  └── calidata ── data 10.244.2.3
 *
 * VNI 4096 on port 4789, where Flannel has 1 on 8472.
 */
export const topology: Topology = {
  summary: 'two nodes, Calico with VXLAN, two pods each, IPv4 and IPv6',
  nodes: [
    { name: 'n1', pods: ['web', 'shop'] },
    { name: 'n2', pods: ['api', 'data'] },
  ],
  network: calico('vxlan'),
};
