/**
 * Rules that drop, in each hook. The device is that of the kernel's packet there: in prerouting the one it came in by,
 * from output on the one it is to leave by.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hasCommand } from '../../lab/build.ts';
import { isEmulated } from '../support.ts';
import type { Cause, Maker } from './cause.ts';
import { all, lines, nft } from './make.ts';
import { at, byRule, on, since, upTo, type Described } from './places.ts';
import { bulk, pings, requests } from './traffic.ts';

const request = 'icmp type echo-request';

const MAX_TRACKED = '/proc/sys/net/netfilter/nf_conntrack_max';

/** A rule that asks for the connection's state has connections tracked. */
const tracking = lines(
  [
    'n2: nft add table ip cause',
    'n2: nft add chain ip cause cause { type filter hook prerouting priority 0 ; }',
    'n2: nft add rule ip cause cause ct state new accept',
  ],
  ['n2: nft delete table ip cause'],
);

/** Room for so many connections in each network namespace, which one ping fills: each ping is one of its own. */
const tracked =
  (count: number): Maker =>
  async (lab) => {
    for (let made = 0; made < count; made++) await pings(1)(lab);
    const usual = readFileSync(MAX_TRACKED, 'utf8');
    writeFileSync(MAX_TRACKED, String(count));
    return { undo: () => Promise.resolve(writeFileSync(MAX_TRACKED, usual)) };
  };

const flannel: Described[] = [
  {
    name: 'nft, prerouting: every fourth',
    make: nft('n2', 'ip', 'prerouting priority raw', `${request} numgen inc mod 4 0`),
    traffic: pings(40),
    share: { every: 4 },
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: byRule('n2', 'flannel.1', 'prerouting'),
  },
  {
    // With bridge-nf-call-iptables, as kubelet asks for, a bridge shows its frames to the rules for IP.
    name: 'nft, prerouting inside a bridge',
    make: nft('n1', 'ip', 'prerouting priority raw', request),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 vethweb ingress'),
    drop: byRule('n1', 'cni0', 'bridge prerouting'),
  },
  {
    name: 'nft, input: to the node itself',
    make: nft('n2', 'ip', 'input priority 0', request),
    traffic: pings(8, { to: '192.168.1.11' }),
    share: 'all',
    way: ['n1 vethweb ingress', 'n1 cni0 ingress', 'n1 eth0 egress', 'n2 eth0 ingress'],
    drop: byRule('n2', 'eth0', 'input'),
  },
  {
    name: 'nft, forward: three in ten',
    make: nft('n2', 'ip', 'forward priority 0', `${request} numgen random mod 10 < 3`),
    traffic: pings(100),
    share: { chance: 0.3 },
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: byRule('n2', 'flannel.1', 'forward'),
  },
  {
    name: 'nft, forward: small requests over TCP, one in five',
    make: nft('n2', 'ip', 'forward priority 0', 'tcp dport 8080 numgen random mod 5 < 1'),
    traffic: requests(200),
    share: { chance: 0.2 },
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: byRule('n2', 'flannel.1', 'forward'),
  },
  {
    name: 'nft, forward: a stream of bytes',
    make: nft('n2', 'ip', 'forward priority 0', 'tcp dport 5201 numgen inc mod 20 0'),
    traffic: bulk(20),
    share: 'some',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: byRule('n2', 'flannel.1', 'forward'),
  },
  {
    name: 'nft, output: the tunnel’s own packets (UDP 8472) at the sender',
    make: nft('n1', 'ip', 'output priority 0', 'udp dport 8472'),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 flannel.1 egress'),
    drop: byRule('n1', 'flannel.1', 'output'),
  },
  {
    name: 'nft, input: the tunnel’s own packets (UDP 8472) at the receiver',
    make: nft('n2', 'ip', 'input priority 0', 'udp dport 8472'),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 eth0 ingress'),
    drop: byRule('n2', 'eth0', 'input'),
  },
  {
    name: 'nft, postrouting: before the tunnel',
    make: nft('n1', 'ip', 'postrouting priority 0', request),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 cni0 ingress'),
    drop: byRule('n1', 'flannel.1', 'postrouting'),
  },
  {
    name: 'nft, postrouting: before the pods’ bridge',
    make: nft('n2', 'ip', 'postrouting priority 0', request),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: byRule('n2', 'cni0', 'postrouting'),
  },
  {
    name: 'nft, a device’s ingress',
    make: nft('n2', 'netdev', 'ingress device flannel.1 priority 0', request),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
    drop: byRule('n2', 'flannel.1', 'ingress'),
  },
  {
    // Comes before the tc hook where ours sits.
    name: 'nft, a device’s egress',
    make: nft('n1', 'netdev', 'egress device flannel.1 priority 0', request),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 cni0 ingress'),
    drop: byRule('n1', 'flannel.1', 'egress'),
  },
  {
    name: 'nft, bridge family, prerouting',
    make: nft('n1', 'bridge', 'prerouting priority filter', 'ip protocol icmp'),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 vethweb ingress'),
    drop: since(
      '6.2',
      byRule('n1', 'vethweb', 'bridge prerouting'),
      at('n1', 'vethweb', 'NOT_SPECIFIED', 'br_handle_frame'),
    ),
  },
  {
    name: 'nft, bridge family, input',
    make: nft('n1', 'bridge', 'input priority filter', 'ip protocol icmp'),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 vethweb ingress'),
    drop: byRule('n1', 'cni0', 'bridge input'),
  },
  {
    name: 'nft, bridge family, forward',
    make: nft('n1', 'bridge', 'forward priority filter', 'ip protocol icmp'),
    traffic: pings(8, { to: 'shop' }),
    share: 'all',
    way: upTo('flannel-vxlan', 'n1 vethweb ingress'),
    drop: byRule('n1', 'vethshop', 'bridge forward'),
  },
  {
    name: 'nft, bridge family, output',
    make: nft('n2', 'bridge', 'output priority filter', 'ip protocol icmp'),
    traffic: pings(8),
    share: 'all',
    way: upTo('flannel-vxlan', 'n2 cni0 egress'),
    drop: byRule('n2', 'vethapi', 'bridge output'),
  },
  ...['iptables-nft', 'iptables-legacy'].map((command): Described => {
    const drop = byRule('n2', 'flannel.1', 'forward');
    return {
      name: `${command}, policy of FORWARD`,
      missing: () => Promise.resolve(hasCommand(command) ? undefined : `the command ${command}`),
      make: lines([`n2: ${command} -P FORWARD DROP`], [`n2: ${command} -P FORWARD ACCEPT`]),
      traffic: pings(8),
      share: 'all',
      way: upTo('flannel-vxlan', 'n2 flannel.1 ingress'),
      // Without rules there is no chain's function that could speak: whoever called the hook does.
      drop: command === 'iptables-nft' ? drop : { ...drop, symbol: 'nf_hook_slow' },
    };
  }),
];

const calico: Described[] = [
  {
    name: 'nft, prerouting',
    make: nft('n2', 'ip', 'prerouting priority raw', request),
    traffic: pings(8),
    share: 'all',
    way: upTo('calico-routed', 'n2 eth0 ingress'),
    drop: byRule('n2', 'eth0', 'prerouting'),
  },
  {
    name: 'nft, forward: every third',
    make: nft('n2', 'ip', 'forward priority 0', `${request} numgen inc mod 3 0`),
    traffic: pings(30),
    share: { every: 3 },
    way: upTo('calico-routed', 'n2 eth0 ingress'),
    drop: byRule('n2', 'eth0', 'forward'),
  },
  {
    name: 'nft, postrouting',
    make: nft('n1', 'ip', 'postrouting priority 0', request),
    traffic: pings(8),
    share: 'all',
    way: upTo('calico-routed', 'n1 caliweb ingress'),
    drop: byRule('n1', 'eth0', 'postrouting'),
  },
  {
    name: 'connection tracking table full',
    missing: () =>
      Promise.resolve(isEmulated ? undefined : 'a machine of its own: nf_conntrack_max holds for all of it'),
    make: all(tracking, tracked(1)),
    traffic: pings(8),
    share: 'all',
    way: upTo('calico-routed', 'n2 eth0 ingress'),
    drop: at('n2', 'eth0', 'NETFILTER_DROP', 'nf_hook_slow', 'prerouting'),
  },
];

export const netfilter: Cause[] = [...on('flannel-vxlan', flannel), ...on('calico-routed', calico)];
