import { calico } from '../networks/calico.ts';
import type { Topology } from '../topology.ts';

/*
 *   web 10.244.1.2 ── caliweb ──┐                                      ┌── caliapi ── api 10.244.2.2
 *                             (route) ── eth0 ────────── eth0 ── (route)
 *  shop 10.244.1.3 ── calishop ─┘  n1  192.168.1.10  .11  n2           └── calidata ── data 10.244.2.3
 *
 * No bridge and no tunnel: /32 routes to the pods, whose gateway 169.254.1.1 is answered for by proxy ARP.
 */
export const topology: Topology = {
  summary: 'two nodes, Calico with routes as by BGP, two pods each, IPv4 and IPv6',
  nodes: [
    { name: 'n1', pods: ['web', 'shop'] },
    { name: 'n2', pods: ['api', 'data'] },
  ],
  network: calico('routed'),
};
