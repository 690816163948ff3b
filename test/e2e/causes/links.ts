/** Bridges that know nobody, tunnels that lead astray, and queues that are full. */
import type { Cause } from './cause.ts';
import { all, lines, queue } from './make.ts';
import { at, on, since, upTo, type Described } from './places.ts';
import { bulk, datagrams, pings } from './traffic.ts';

/** The node goes on to know the pod's address although nobody can ask for it. */
const knowsApi = lines(
  ['n2: ip neigh replace 10.244.2.2 lladdr {api} dev cni0 nud permanent'],
  ['n2: ip neigh del 10.244.2.2 dev cni0'],
);

/** Of the other node's tunnel device, as the lab numbers them. */
const TUNNEL_MAC = '02:00:00:01:00:02';
const entry = (to: string) => `${TUNNEL_MAC} dev flannel.1 dst ${to} self permanent`;

const bridges: Described[] = [
  {
    name: 'bridge without an entry for the pod, and not to flood',
    make: all(
      knowsApi,
      lines(
        ['n2: bridge link set dev vethapi flood off', 'n2: bridge link set dev vethdata flood off', 'n2: bridge fdb del {api} dev vethapi master'],
        ['n2: bridge link set dev vethapi flood on', 'n2: bridge link set dev vethdata flood on'],
      ),
    ),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 cni0 egress'),
    drop: at('n2', 'cni0', since('6.14', 'NO_TX_TARGET', 'NOT_SPECIFIED'), 'br_dev_xmit'),
  },
  {
    name: 'bridge with the pod’s port down',
    make: all(
      knowsApi,
      lines(
        ['n2: bridge fdb replace {api} dev vethapi master static', 'n2: ip link set vethapi down'],
        ['n2: ip link set vethapi up', 'n2: bridge fdb del {api} dev vethapi master static'],
      ),
    ),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 cni0 egress'),
    drop: at('n2', 'cni0', 'NOT_SPECIFIED', 'br_dev_xmit'),
  },
  {
    name: 'bridge with isolated ports',
    make: lines(
      ['web: ip neigh replace 10.244.1.3 lladdr {shop} dev eth0 nud permanent', 'n1: bridge link set dev vethweb isolated on', 'n1: bridge link set dev vethshop isolated on'],
      ['n1: bridge link set dev vethweb isolated off', 'n1: bridge link set dev vethshop isolated off', 'web: ip neigh del 10.244.1.3 dev eth0'],
    ),
    traffic: pings(8, { to: 'shop' }),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 vethweb ingress'),
    drop: at('n1', 'vethweb', 'NOT_SPECIFIED', 'br_handle_frame_finish'),
  },
  {
    name: 'bridge with the sender’s port disabled',
    make: lines(['n1: bridge link set dev vethweb state 0'], ['n1: bridge link set dev vethweb state 3']),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 vethweb ingress'),
    drop: at('n1', 'vethweb', since('6.14', 'BRIDGE_INGRESS_STP_STATE', 'NOT_SPECIFIED'), 'br_handle_frame'),
  },
]; // prettier-ignore

const tunnels: Described[] = [
  {
    name: 'VNI unknown at the receiver',
    make: lines(
      [`n1: bridge fdb replace ${TUNNEL_MAC} dev flannel.1 dst 192.168.1.11 vni 99 self permanent`],
      [`n1: bridge fdb del ${TUNNEL_MAC} dev flannel.1 dst 192.168.1.11 vni 99 self`, `n1: bridge fdb replace ${entry('192.168.1.11')}`],
    ),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 eth0 ingress'),
    drop: at('n2', 'eth0', since('6.11', 'VXLAN_VNI_NOT_FOUND', 'NOT_SPECIFIED'), 'vxlan_rcv'),
  },
  {
    name: 'forwarding entry of a node that is not there',
    make: lines([`n1: bridge fdb replace ${entry('192.168.1.99')}`], [`n1: bridge fdb replace ${entry('192.168.1.11')}`]),
    // The packets wait three seconds for the neighbour; the entry is only asked when they come.
    traffic: pings(4),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 flannel.1 egress'),
    drop: at('n1', 'eth0', 'NEIGH_FAILED', 'neigh_invalidate'),
  },
  {
    name: 'forwarding entry of a node where the address does not live',
    make: lines(
      ['n1: ip neigh replace 10.244.2.0 lladdr 02:00:00:01:00:77 dev flannel.1 nud permanent', 'n1: bridge fdb add 02:00:00:01:00:77 dev flannel.1 dst 192.168.1.11 self permanent'],
      [`n1: ip neigh replace 10.244.2.0 lladdr ${TUNNEL_MAC} dev flannel.1 nud permanent`, 'n1: bridge fdb del 02:00:00:01:00:77 dev flannel.1 dst 192.168.1.11 self'],
    ),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: at('n2', 'flannel.1', 'OTHERHOST', 'ip_rcv_core'),
  },
]; // prettier-ignore

/** 200 datagrams a second of 442 bytes are three times as many as fit. */
const SLOW = 'tbf rate 200kbit burst 1600';
const full = (node: string, device: string) => at(node, device, 'QDISC_DROP', '__dev_queue_xmit');

const queues: Described[] = [
  {
    name: 'tbf full at the tunnel',
    make: queue('n1', 'flannel.1', `root ${SLOW} limit 3000`),
    traffic: datagrams(200, 400),
    share: 'some',
    way: upTo('flannel-vxlan', 'n1 flannel.1 egress'),
    drop: full('n1', 'flannel.1'),
  },
  {
    // Its burst takes the longest packet: a shorter one would cut it, and drop pieces of which no hop wrote every byte.
    name: 'tbf full at the tunnel: a stream of bytes',
    make: queue('n1', 'flannel.1', 'root tbf rate 4mbit burst 70000 limit 80000'),
    traffic: bulk(20),
    share: 'some',
    way: upTo('flannel-vxlan', 'n1 flannel.1 egress'),
    drop: full('n1', 'flannel.1'),
  },
  {
    name: 'tbf full at the uplink',
    // The agents' own streams wait there too: only the sender knows how many of its own were lost.
    make: async (lab) => ({ undo: (await queue('n1', 'eth0', `root ${SLOW} limit 3000`)(lab)).undo }),
    traffic: datagrams(200, 400),
    share: 'some',
    way: upTo('flannel-vxlan', 'n1 eth0 egress'),
    drop: full('n1', 'eth0'),
  },
  {
    name: 'pfifo full at the pod’s device',
    make: queue('n2', 'vethapi', `root handle 1: ${SLOW} limit 30000`, 'parent 1: pfifo limit 2'),
    traffic: datagrams(200, 400),
    share: 'some',
    way: upTo('flannel-vxlan', 'n2 vethapi egress'),
    drop: full('n2', 'vethapi'),
  },
];

const calicoQueues: Described[] = [
  {
    name: 'tbf full at the pod’s device',
    make: queue('n2', 'caliapi', `root ${SLOW} limit 3000`),
    traffic: datagrams(200, 400),
    share: 'some',
    way: upTo('calico-routed', 'n2 caliapi egress'),
    drop: full('n2', 'caliapi'),
  },
];

export const links: Cause[] = [
  ...on('flannel-vxlan', [...bridges, ...tunnels, ...queues]),
  ...on('calico-routed', calicoQueues),
];
