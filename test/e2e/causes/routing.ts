/** Packets that a node has no way for, or no wish to pass on. */
import type { Cause } from './cause.ts';
import { all, counted, lines, nft, nothing, sysctl } from './make.ts';
import { at, on, upTo, type Described } from './places.ts';
import { bulk, pings } from './traffic.ts';

/** A route of its own for one address speaks louder than the other node's network. */
const routeOf = (kind: string, address: string) => lines([`n1: ip route add ${kind} ${address}/32`], [`n1: ip route del ${kind} ${address}/32`]); // prettier-ignore

/** The pod ignores what ICMP says of path MTU, so that it goes on to send. */
const deafToMtu = sysctl('web', 'net/ipv4/ip_no_pmtu_disc', '2', '0');

export const shortTunnel = all(
  deafToMtu,
  lines(['n1: ip link set flannel.1 mtu 1400'], ['n1: ip link set flannel.1 mtu 1450']),
);

const flannel: Described[] = [
  {
    name: 'rp_filter: no way back',
    make: all(
      sysctl('n2', 'net/ipv4/conf/flannel.1/rp_filter', '1', '0'),
      lines(['n2: ip route del 10.244.1.0/24'], ['n2: ip route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink']),
    ),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: at('n2', 'flannel.1', 'IP_RPFILTER', 'ip_rcv_finish_core'),
  },
  {
    name: 'no route',
    make: lines(
      ['n1: ip route del default', 'n1: ip route del 10.244.2.0/24'],
      [
        'n1: ip route add default via 192.168.1.1 dev eth0',
        'n1: ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink',
      ],
    ),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 cni0 ingress'),
    drop: at('n1', 'cni0', 'IP_INNOROUTES', 'ip_error'),
    // The kernel has five of these errors for each sender, and one more a second: those after this find none left.
    error: { from: '10.244.1.1', share: 'some' },
  },
  ...['blackhole', 'unreachable', 'prohibit'].map((kind): Described => ({
    name: `${kind} route`,
    make: routeOf(kind, '10.244.2.2'),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 cni0 ingress'),
    // The kernel names its function and keeps the reason to itself.
    drop: at('n1', 'cni0', 'NOT_SPECIFIED', 'ip_error'),
  })),
  {
    name: 'TTL exceeded at the first node',
    make: nothing,
    traffic: pings(4, { args: ['-t', '1'] }),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 cni0 ingress'),
    drop: at('n1', 'cni0', 'IP_INHDR', 'ip_forward'),
    error: { from: '10.244.1.1', share: 'all' },
  },
  {
    name: 'TTL exceeded at the second node',
    make: nothing,
    traffic: pings(4, { args: ['-t', '2'] }),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: at('n2', 'flannel.1', 'IP_INHDR', 'ip_forward'),
    error: { from: '10.244.2.0', share: 'all' },
  },
  {
    // Three seconds after the packets came.
    name: 'neighbour never answers',
    make: nothing,
    traffic: pings(4, { to: '10.244.2.77' }),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: at('n2', 'cni0', 'NEIGH_FAILED', 'neigh_invalidate'),
  },
  {
    name: 'longer than the tunnel’s MTU, and not to be fragmented',
    make: shortTunnel,
    traffic: pings(4, { args: ['-M', 'do', '-s', '1400'] }),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 cni0 ingress'),
    drop: at('n1', 'cni0', 'PKT_TOO_BIG', 'ip_forward'),
    error: { from: '10.244.1.1', share: 'all' },
  },
  {
    name: 'longer than the tunnel’s MTU: TCP learns',
    make: all(
      lines(
        ['n1: ip link set flannel.1 mtu 1400'],
        ['n1: ip link set flannel.1 mtu 1450', 'web: ip route flush cache'],
      ),
      counted('n1', 'snmp', 'Ip.FragFails'),
    ),
    traffic: bulk(20, 300),
    share: 'some',
    mayBeAmbiguous: true,
    way: upTo('flannel-vxlan', 'n1 cni0 ingress'),
    drop: at('n1', 'cni0', 'PKT_TOO_BIG', 'ip_forward'),
    error: { from: '10.244.1.1', share: 'all' },
  },
  {
    // Nothing corrects it: a TTL less by one changes the sum by one.
    name: 'bad checksum of the IP header',
    make: nft('n1', 'ip', 'postrouting priority 0', 'icmp type echo-request', '@nh,80,16 set 0xdead'),
    traffic: pings(4),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: at('n2', 'flannel.1', 'IP_CSUM', 'ip_rcv_core'),
  },
];

const calico: Described[] = [
  {
    // Calico's own blackhole: what is of the node's block and of no pod.
    name: 'blackhole route of an address block',
    make: nothing,
    traffic: pings(4, { to: '10.244.2.50' }),
    share: 'all',
    way: upTo('calico-routed', 'n2 eth0 ingress'),
    drop: at('n2', 'eth0', 'NOT_SPECIFIED', 'ip_error'),
  },
  {
    name: 'rp_filter: no way back',
    make: all(
      sysctl('n2', 'net/ipv4/conf/eth0/rp_filter', '1', '0'),
      lines(
        ['n2: ip route replace unreachable 10.244.1.0/26'],
        ['n2: ip route replace 10.244.1.0/26 via 192.168.1.10 dev eth0'],
      ),
    ),
    traffic: pings(8),
    share: 'all',
    way: upTo('calico-routed', 'n2 eth0 ingress'),
    drop: at('n2', 'eth0', 'IP_RPFILTER', 'ip_rcv_finish_core'),
  },
  {
    name: 'neighbour never answers',
    make: lines(
      ['n2: ip route add 10.244.2.9/32 dev caliapi scope link'],
      ['n2: ip route del 10.244.2.9/32 dev caliapi scope link'],
    ),
    traffic: pings(4, { to: '10.244.2.9', args: ['-W', '4'] }),
    share: 'all',
    way: upTo('calico-routed', 'n2 eth0 ingress'),
    drop: at('n2', 'caliapi', 'NEIGH_FAILED', 'neigh_invalidate'),
    error: { from: '192.168.1.11', share: 'all' },
  },
  {
    name: 'longer than the uplink’s MTU, and not to be fragmented',
    make: all(deafToMtu, lines(['n1: ip link set eth0 mtu 1400'], ['n1: ip link set eth0 mtu 1500'])),
    traffic: pings(4, { args: ['-M', 'do', '-s', '1400'] }),
    share: 'all',
    way: upTo('calico-routed', 'n1 caliweb ingress'),
    drop: at('n1', 'caliweb', 'PKT_TOO_BIG', 'ip_forward'),
    error: { from: '192.168.1.10', share: 'all' },
  },
];

export const routing: Cause[] = [...on('flannel-vxlan', flannel), ...on('calico-routed', calico)];
