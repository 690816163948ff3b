/** Programs of somebody else. */
import type { Cause } from './cause.ts';
import { at, on, since, upTo, type Described } from './places.ts';
import { filter, icmp, program, vxlan } from './programs.ts';
import { pings } from './traffic.ts';

/** The verdict of a tc program is spoken where the device's packets come in, or go out. */
const tcIngress = (node: string, device: string) => at(node, device, 'TC_INGRESS', '__netif_receive_skb_core');
const tcEgress = (node: string, device: string) => at(node, device, 'TC_EGRESS', '__dev_queue_xmit');

/** Once a packet is a packet, XDP frees it like any other, and says no reason. */
const generic = at('n2', 'eth0', 'NOT_SPECIFIED', 'do_xdp_generic');
/** A veth has a packet already when its driver's program runs. */
const onVeth = at('n2', 'eth0', 'NOT_SPECIFIED', 'veth_xdp_rcv_skb');

const noTcx = () => Promise.resolve(since('6.6', undefined, 'a kernel with tcx (Linux 6.6)'));

const flannel: Described[] = [
  {
    name: 'XDP program at the uplink, generic',
    make: program('n2', 'eth0', 'xdpGeneric', vxlan),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 eth0 egress'),
    drop: generic,
  },
  {
    name: 'XDP program at the uplink, in the veth’s driver',
    make: program('n2', 'eth0', 'xdpNative', vxlan),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 eth0 egress'),
    drop: onVeth,
  },
  {
    name: 'tc program behind ours, ingress, tcx',
    missing: noTcx,
    make: program('n2', 'flannel.1', 'tcxIngress', icmp),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: tcIngress('n2', 'flannel.1'),
  },
  {
    name: 'tc program behind ours, egress, clsact',
    make: filter('n1', 'flannel.1', 'egress', icmp),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 flannel.1 egress'),
    drop: tcEgress('n1', 'flannel.1'),
  },
  {
    name: 'tc program behind ours, ingress, clsact',
    make: filter('n2', 'cni0', 'ingress', icmp),
    traffic: pings(8, { from: 'api', to: 'web' }),
    share: 'all',
    way: ['n2 vethapi ingress', 'n2 cni0 ingress'],
    drop: tcIngress('n2', 'cni0'),
  },
];

const calico: Described[] = [
  {
    name: 'XDP program at the uplink, generic',
    make: program('n2', 'eth0', 'xdpGeneric', icmp),
    traffic: pings(8),
    share: 'all',
    way: upTo('calico-routed', 'n1 eth0 egress'),
    drop: generic,
  },
  {
    // Ours has seen it leave for the pod; it never did.
    name: 'tc program behind ours at the pod’s device',
    missing: noTcx,
    make: program('n2', 'caliapi', 'tcxEgress', icmp),
    traffic: pings(8),
    share: 'all',
    way: upTo('calico-routed', 'n2 caliapi egress'),
    drop: tcEgress('n2', 'caliapi'),
  },
];

/** The wire's TAP devices: a frame that XDP drops there never became a packet. */
const wire: Described[] = [
  {
    name: 'XDP program at the uplink, in a driver that has no packet yet',
    make: program('n2', 'eth0', 'xdpNative', vxlan),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 eth0 egress'),
    drop: null,
  },
];

export const foreign: Cause[] = [...on('flannel-vxlan', flannel), ...on('calico-routed', calico)];
export const onWire: Cause[] = on('flannel-vxlan', wire);
