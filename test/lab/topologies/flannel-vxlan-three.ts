import { flannel } from '../networks/flannel.ts';
import type { Topology } from '../topology.ts';

/*
 *   web ─┐                                    ┌─ api
 *       cni0 ─ flannel.1 ─ eth0 ═╗  ╔═ eth0 ─ flannel.1 ─ cni0
 *  shop ─┘  n1                  switch    n2  └─ data
 *                                ╚═ eth0 ─ flannel.1 ─ cni0 ─┬─ cache
 *                                                       n3   └─ queue
 */
export const topology: Topology = {
  summary: 'three nodes on a switch, Flannel with VXLAN, two pods each, IPv4 and IPv6',
  nodes: [
    { name: 'n1', pods: ['web', 'shop'] },
    { name: 'n2', pods: ['api', 'data'] },
    { name: 'n3', pods: ['cache', 'queue'] },
  ],
  network: flannel('vxlan'),
};
