/**
 * Real CNI daemons between two nodes and what must be seen of them. A way is a list of hops (`<` ingress, `>` egress) as
 * the daemons' own devices make it; where Cilium has its kube-proxy replacement it redirects past the pod's device.
 */
export interface Way {
  hops: string;
  segments: string;
  verdict: 'delivered' | 'handed';
}

export interface Network {
  name: string;
  script: string;
  up: string[];
  /** From pod to pod of another node, from pod to pod of one node, and from a node to its own pod. */
  across: Way;
  within: Way;
  home: Way;
  /** What VXLAN adds to a packet; null without. */
  tunnelBytes: number | null;
  /** Address of a service in front of the far pod; none where nothing makes one. */
  service?: { address: string; turnsBackInSight: boolean };
}

const bridged: Way = { hops: 'pod< pod>', segments: 'bridge', verdict: 'delivered' };
const fromBridge: Way = { hops: 'bridge> pod>', segments: 'bridge', verdict: 'delivered' };
const fromHost: Way = { hops: 'veth> pod>', segments: 'route', verdict: 'delivered' };
const service = '10.96.0.10:80';

export const networks: Network[] = [
  {
    name: 'flannel vxlan',
    script: 'flannel.sh',
    up: ['vxlan'],
    across: {
      hops: 'pod< bridge< vxlan> uplink> uplink< vxlan< bridge> pod>',
      segments: 'bridge route encap wire decap route bridge',
      verdict: 'delivered',
    },
    within: bridged,
    home: fromBridge,
    tunnelBytes: 50,
  },
  {
    name: 'flannel host-gw',
    script: 'flannel.sh',
    up: ['host-gw'],
    across: {
      hops: 'pod< bridge< uplink> uplink< bridge> pod>',
      segments: 'bridge route wire route bridge',
      verdict: 'delivered',
    },
    within: bridged,
    home: fromBridge,
    tunnelBytes: null,
  },
  {
    name: 'cilium vxlan legacy',
    script: 'cilium.sh',
    up: ['vxlan', 'legacy'],
    across: {
      hops: 'pod< vxlan> uplink> uplink< vxlan< pod>',
      segments: 'route encap wire decap route',
      verdict: 'delivered',
    },
    within: { hops: 'pod< pod>', segments: 'route', verdict: 'delivered' },
    home: fromHost,
    tunnelBytes: 50,
    service: { address: service, turnsBackInSight: true },
  },
  {
    name: 'cilium vxlan kpr',
    script: 'cilium.sh',
    up: ['vxlan', 'kpr'],
    across: { hops: 'pod< vxlan> uplink> uplink< vxlan<', segments: 'route encap wire decap', verdict: 'handed' },
    within: { hops: 'pod<', segments: '', verdict: 'handed' },
    home: fromHost,
    tunnelBytes: 50,
    service: { address: service, turnsBackInSight: false },
  },
  {
    name: 'cilium native legacy',
    script: 'cilium.sh',
    up: ['native', 'legacy'],
    across: {
      hops: 'pod< uplink> uplink< veth> pod>',
      segments: 'route wire route route',
      verdict: 'delivered',
    },
    within: { hops: 'pod< pod>', segments: 'route', verdict: 'delivered' },
    home: fromHost,
    tunnelBytes: null,
    service: { address: service, turnsBackInSight: true },
  },
  {
    name: 'cilium native kpr',
    script: 'cilium.sh',
    up: ['native', 'kpr'],
    across: { hops: 'pod< uplink> uplink<', segments: 'route wire', verdict: 'handed' },
    within: { hops: 'pod<', segments: '', verdict: 'handed' },
    home: fromHost,
    tunnelBytes: null,
    service: { address: service, turnsBackInSight: false },
  },
];
