import { flannel } from '../networks/flannel.ts';
import type { Topology } from '../topology.ts';

/*
 *   web 10.244.1.2 ─┐                                          ┌─ api 10.244.2.2
 *                  cni0 ── eth0 ──────────────────── eth0 ── cni0
 *  shop 10.244.1.3 ─┘  n1  192.168.1.10      192.168.1.11  n2  └─ data 10.244.2.3
 *
 * No tunnel: the route to the other node's pods is the other node.
 */
export const topology: Topology = {
  summary: 'two nodes, Flannel without tunnel (host-gw), two pods each, IPv4 and IPv6',
  nodes: [
    { name: 'n1', pods: ['web', 'shop'] },
    { name: 'n2', pods: ['api', 'data'] },
  ],
  network: flannel('host-gw'),
};
