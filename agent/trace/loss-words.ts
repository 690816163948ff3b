/**
 * What a loss means and what to look at, a sentence each: of the kernel's reasons (enum skb_drop_reason, whose names
 * differ a little between kernels: https://git.kernel.org/torvalds/c/include/net/dropreason-core.h) and of our own verdicts.
 */
import type { Verdict } from '../paths/view.ts';

export interface LossWords {
  means: string;
  look: string;
}

/** What is known of a loss; `reason` and the like are empty where the kernel said nothing. */
export interface LossKind {
  verdict: Verdict;
  reason: string;
  symbol: string;
  hook: string | null;
  /** Behind the device it is told with: in the pod's own namespace. */
  inPod: boolean;
  /** An XDP program sits where it should have come next. */
  isXdp?: boolean;
}

type Said = readonly [means: string, look: string];

const words = ([means, look]: Said): LossWords => ({ means, look });

const filtered: Said = [
  'A rule of netfilter dropped it: iptables, nftables or a NetworkPolicy made of them.',
  'The rules of that hook with their counters (nft list ruleset, iptables-save -c), and the NetworkPolicies of both pods.',
];
const badChecksum = (what: string): Said => [
  `Its ${what} checksum was wrong.`,
  'Offloads of the devices before (ethtool -k: tx-checksum, tunnel checksums), and errors of cards and cables (ethtool -S).',
];
const program = (where: string): Said => [
  `A tc program at ${where} dropped it: a CNI’s policy, as of Cilium, or somebody’s filter.`,
  'What is attached there (bpftool net, tc filter show), and the drops that the CNI’s own tool tells (cilium-dbg monitor --type drop).',
];
const socketMemory: Said = [
  'The socket’s buffer was full: the application reads slower than packets come.',
  'CPU limits and throttling of the receiving pod, and its buffers (ss -m, net.core.rmem_max, RcvbufErrors of nstat).',
];
const neighbour: Said = [
  'Nobody answered when asked for the MAC address of the next hop.',
  'Whether that pod or node is there (ip neigh, ip route get), and who should answer for its address: bridge, FDB, proxy_arp.',
];
const noRoute: Said = [
  'The node has no route to its destination.',
  'ip route get to that address on the node, and whether the CNI’s daemon there installs routes to the other nodes’ pods.',
];
const reassembly: Said = [
  'Fragments of it did not come, or not in time, so it could not be put together.',
  'Who makes fragments (MTU of pods against the tunnel’s), and whether the underlay or a firewall drops some.',
];
const tcpState: Said = [
  'It did not fit what the TCP connection expected.',
  'Whether one of the ends was started again, and whether both directions pass the same nodes (conntrack, asymmetric routes).',
];
const tcpKey: Said = [
  'Its TCP signature (MD5 or TCP-AO) was missing, unexpected or wrong.',
  'The keys on both sides, as of BGP sessions.',
];
const queueFull: Said = [
  'The queue of the device was full: more was sent than the device or its rate limit takes.',
  'tc -s qdisc show on that device, bandwidth limits of the pod, and who else sends there.',
];
const tooBig: Said = [
  'It was longer than the next device’s MTU and must not be cut up; its sender was told by ICMP.',
  'MTU of the pods against that of the tunnel (the encapsulation’s bytes less), and whether the ICMP error reaches the sender.',
];
const malformed: Said = [
  'Its headers are not whole or contradict each other.',
  'Who sent it, and the programs and devices that edit packets on the way.',
];
const ofHost: Said = [
  'It was addressed to another host’s MAC address and came here all the same.',
  'The bridge’s FDB (bridge fdb show), a stale neighbour entry at the sender, or promiscuous mode.',
];
const martian: Said = [
  'Its source or destination address must not appear there.',
  'Addresses and routes of that device; ip route get FROM iif DEVICE says what the kernel thinks.',
];
const ipsec: Said = [
  'IPsec policy forbids it, or it could not be encrypted or decrypted.',
  'ip xfrm policy, ip xfrm state, and the counters of /proc/net/xfrm_stat.',
];

/** By the reason’s name. */
const reasons: Record<string, Said> = {
  NETFILTER_DROP: filtered,
  BPF_CGROUP_EGRESS: [
    'A cgroup’s BPF program forbade the pod to send it.',
    'Programs of the pod’s cgroup (bpftool cgroup tree): systemd’s IPAddressDeny, or a CNI’s host policy.',
  ],
  SOCKET_FILTER: ['The receiving socket’s own filter dropped it.', 'What the application attached (SO_ATTACH_FILTER), as DHCP clients and captures do.'],
  SECURITY_HOOK: ['A security module (SELinux, Smack, a BPF LSM) forbade it.', 'The audit log of that node.'],
  TC_INGRESS: program('ingress'),
  TC_EGRESS: program('egress'),
  XDP: [
    'An XDP program dropped it before the kernel made a packet of it.',
    'bpftool net and ip link show on that device: whose program it is, and its own counters.',
  ],
  TAP_FILTER: ['A filter at the TAP device dropped it.', 'What the program behind the TAP device attached.'],
  TAP_TXFILTER: ['The TAP device’s address filter dropped it.', 'MAC addresses behind the TAP device (virtual machines).'],
  NO_SOCKET: [
    'Nobody listens on that port.',
    'Whether the application runs and on which address and port (ss -lntu in the pod), and the Service’s targetPort.',
  ],
  SOCKET_RCVBUFF: socketMemory,
  SOCKET_BACKLOG: socketMemory,
  PROTO_MEM: [
    'All sockets together held too much memory for this protocol.',
    'net.ipv4.tcp_mem and udp_mem against /proc/net/sockstat on that node.',
  ],
  SOCKET_CLOSE: ['Its socket was just being closed.', 'Whether the application ends connections while the other end still sends.'],
  TCP_LISTEN_OVERFLOW: [
    'The listening socket’s queue of new connections was full.',
    'Recv-Q against Send-Q of ss -lnt in the pod, net.core.somaxconn, and why the application accepts so slowly.',
  ],
  IP_INNOROUTES: noRoute,
  IP_OUTNOROUTES: noRoute,
  IP_RPFILTER: [
    'Reverse path filtering: the answer to its source would leave by another device.',
    'net.ipv4.conf.*.rp_filter of that device, and ip route get to the packet’s source.',
  ],
  IP_INHDR: [
    'Its IP header was unacceptable: mostly a TTL that ran out, or a packet that may not be forwarded.',
    'A routing loop between the nodes before (the TTL falls at each), then headers that somebody rewrites.',
  ],
  IP_INADDRERRORS: martian,
  IP_INVALID_SOURCE: martian,
  IP_INVALID_DEST: martian,
  IP_LOCAL_SOURCE: martian,
  IP_LOCALNET: martian,
  UNICAST_IN_L2_MULTICAST: martian,
  LOCAL_MAC: martian,
  MAC_INVALID_SOURCE: martian,
  IP_CSUM: badChecksum('IP'),
  TCP_CSUM: badChecksum('TCP'),
  UDP_CSUM: badChecksum('UDP'),
  ICMP_CSUM: badChecksum('ICMP'),
  SKB_CSUM: badChecksum('packet’s'),
  IP_NOPROTO: ['Nobody on that host takes this protocol.', 'Whether a module or daemon for it is missing (GRE, ESP, SCTP, ...).'],
  UNHANDLED_PROTO: ['Nobody on that host takes this kind of frame.', 'Whether a module for its EtherType is missing, or a VLAN does not exist there.'],
  INVALID_PROTO: malformed,
  IPV6DISABLED: ['IPv6 is switched off at that device.', 'net.ipv6.conf.*.disable_ipv6.'],
  IPV6_BAD_EXTHDR: malformed,
  IPV6_NDISC_FRAG: malformed,
  IPV6_NDISC_HOP_LIMIT: malformed,
  IPV6_NDISC_BAD_CODE: malformed,
  IPV6_NDISC_BAD_OPTIONS: malformed,
  IP_TUNNEL_ECN: ['The tunnel’s ECN bits contradict those inside.', 'Devices of the underlay that rewrite TOS or DSCP.'],
  NEIGH_FAILED: neighbour,
  NEIGH_CREATEFAIL: ['No entry could be made for the next hop’s MAC address.', 'Size of the neighbour table (net.ipv4.neigh.default.gc_thresh3) against ip neigh | wc -l.'],
  NEIGH_QUEUEFULL: [
    'Too many packets waited for the next hop’s MAC address.',
    'Why it is not answered (ip neigh), and net.ipv4.neigh.*.unres_qlen_bytes.',
  ],
  NEIGH_DEAD: neighbour,
  NEIGH_HH_FILLFAIL: neighbour,
  PKT_TOO_BIG: tooBig,
  PKT_TOO_SMALL: malformed,
  HDR_TRUNC: malformed,
  DEV_HDR: malformed,
  QDISC_DROP: queueFull,
  QDISC_OVERLIMIT: queueFull,
  QDISC_CONGESTED: ['The queue’s control of congestion (CoDel, RED, PIE) dropped it: packets waited too long.', 'tc -s qdisc show on that device, and who fills the queue.'],
  CAKE_FLOOD: queueFull,
  DUALPI2_STEP_DROP: queueFull,
  FQ_BAND_LIMIT: queueFull,
  FQ_FLOW_LIMIT: ['One flow alone filled its share of the fq queue.', 'Pacing of that sender, and flow_limit of tc -s qdisc show.'],
  FQ_HORIZON_LIMIT: ['It was to be sent too far in the future.', 'Bandwidth limits that stamp departure times (Cilium’s bandwidth manager), and clocks of virtual machines.'],
  CPU_BACKLOG: [
    'The backlog of the receiving CPU was full.',
    'Second column of /proc/net/softnet_stat, net.core.netdev_max_backlog, and whether one CPU takes all interrupts.',
  ],
  FULL_RING: ['The ring of the device was full: whoever reads it is too slow.', 'Drops of ip -s link show on that device, and the CPU of whoever reads behind it.'],
  NOMEM: ['The kernel had no memory for it at that moment.', 'Memory of the node (dmesg: page allocation failure), vm.min_free_kbytes.'],
  PFMEMALLOC: ['Memory was so short that only packets of swap were taken.', 'Memory of the node (dmesg, vmstat).'],
  SKB_GSO_SEG: ['A super-packet could not be cut into segments.', 'Offloads of that device (ethtool -k), then the driver.'],
  SKB_UCOPY_FAULT: ['It could not be copied to or from the application’s memory.', 'The application behind that socket or TAP device.'],
  RECURSION_LIMIT: ['It went from tunnel to tunnel too often.', 'A tunnel whose outer packets are routed into itself (ip route get to its remote address).'],
  NO_TX_TARGET: [
    'The tunnel or bond has nowhere to send it: no peer is known for its destination.',
    'FDB and routes of the tunnel device (bridge fdb show dev ..., ip route), which the CNI’s daemon of that node fills.',
  ],
  DEV_READY: ['The device was not up.', 'ip link show on that node; a pod that starts or ends loses some so.'],
  BRIDGE_INGRESS_STP_STATE: ['The bridge’s port does not forward (spanning tree).', 'bridge link show: the state of the port, and whether STP is wanted.'],
  ARP_PVLAN_DISABLE: ['Proxy ARP for private VLANs is off.', 'net.ipv4.conf.*.proxy_arp_pvlan.'],
  VXLAN_VNI_NOT_FOUND: [
    'No VXLAN device of that node has this VNI.',
    'VNI and port of both nodes’ tunnel devices (ip -d link show type vxlan): two CNIs, or two configurations.',
  ],
  VXLAN_INVALID_HDR: ['Its VXLAN header is none.', 'Who else sends UDP to the tunnel’s port, and options such as GBP that only one side has.'],
  VXLAN_ENTRY_EXISTS: ['A MAC address that is fixed to another peer came as a source.', 'FDB of the tunnel (bridge fdb show), and MAC addresses that stand twice.'],
  TUNNEL_TXINFO: ['The tunnel was not told where to send it.', 'Whoever sets tunnel keys: OVS or tc rules, eBPF programs.'],
  XFRM_POLICY: ipsec,
  PSP_INPUT: ['PSP decryption failed or was missing.', 'PSP keys of both ends.'],
  PSP_OUTPUT: ['PSP encryption failed.', 'PSP keys of both ends.'],
  FRAG_REASM_TIMEOUT: reassembly,
  FRAG_TOO_FAR: reassembly,
  DUP_FRAG: ['A fragment came twice.', 'Whether the underlay copies packets.'],
  OTHERHOST: ofHost,
  IPV6_NDISC_NS_OTHERHOST: ofHost,
  TCP_FLAGS: tcpState,
  TCP_INVALID_SYN: tcpState,
  TCP_RESET: tcpState,
  TCP_CLOSE: tcpState,
  TCP_ABORT_ON_DATA: ['Data came after the application had closed its socket; the sender gets a reset.', 'Why the application closes early: timeouts, limits, crashes.'],
  TCP_ZEROWINDOW: ['The receiver had said that it takes nothing more.', 'Why the application does not read (ss -tm in the pod).'],
  TCP_OVERWINDOW: ['It was beyond what the receiver had said it takes.', 'Middleboxes that change windows, then the sender.'],
  TCP_OFO_QUEUE_PRUNE: socketMemory,
  TCP_OFO_DROP: socketMemory,
  TCP_MINTTL: ['Its TTL was below what the connection demands.', 'Peers further away than IP_MINTTL allows (BGP).'],
  TC_CHAIN_NOTFOUND: ['A tc rule sent it to a chain that does not exist.', 'tc filter show on that device.'],
  TC_COOKIE_ERROR: ['tc could not go on with it.', 'tc -s filter show on that device.'],
  TC_RECLASSIFY_LOOP: ['tc rules send it round in a circle.', 'tc filter show on that device.'],
  PACKET_SOCK_ERROR: ['A capture’s socket had no room; the packet itself may have gone on.', 'Whoever captures there.'],
}; // prettier-ignore

const openVswitch: Said = ['Open vSwitch dropped it by a rule, a meter or a limit.', 'ovs-appctl dpctl/dump-flows, coverage/show, and the controller’s rules.']; // prettier-ignore
const notTaken: Said = ['The device did not take it.', 'State, queue and MTU of that device (ip -s link, tc -s qdisc).']; // prettier-ignore

/** By what its name begins with, the longest first. */
const families: [prefix: string, said: Said][] = [
  ['TCP_MD5', tcpKey],
  ['TCP_AO', tcpKey],
  ['TCP_AUTH', tcpKey],
  ['TCP_', tcpState],
  ['OPENVSWITCH', openVswitch],
  ['OVS_', openVswitch],
  ['XFRM_', ipsec],
  ['FQ_', queueFull],
  ['IPV6_', malformed],
  ['MAC_', malformed],
  ['CAN', malformed],
]; // prettier-ignore

/** Where the kernel gives no reason, the function that let go of it says more. */
const symbols: [prefix: string, said: Said][] = [
  ['ip_error', noRoute],
  ['ip6_pkt_discard', noRoute],
  ['ip_forward', ['The node does not forward it.', 'net.ipv4.ip_forward, TTL and MTU on that node.']],
  ['nft_', filtered],
  ['nf_', filtered],
  ['ipt_', filtered],
  ['br_', ['The bridge did not pass it on.', 'Ports and their state (bridge -d link), FDB and VLANs of that bridge.']],
  ['tcp_', tcpState],
  ['udp_queue_rcv', socketMemory],
  ['sock_queue_rcv', socketMemory],
  ['neigh_', neighbour],
  ['arp_', neighbour],
  ['vxlan_', ['The tunnel could not send it.', 'FDB, routes and neighbours of the tunnel device (bridge fdb show, ip neigh).']],
  ['tun_', ['Whoever reads behind the TUN or TAP device is too slow, or gone.', 'The program behind that device: a VPN, a virtual machine.']],
  ['veth_xmit', ['The other end of the veth did not take it: it is down, or its ring was full.', 'ip -s link show on both ends, and an XDP program behind them.']],
  ['dev_', notTaken],
  ['__dev_', notTaken],
  ['sch_', queueFull],
  ['icmp', ['Its ICMP message was not taken.', 'nstat of that host (IcmpInErrors), and sysctls such as icmp_echo_ignore_all.']],
]; // prettier-ignore

const unknown: Said = [
  'The kernel dropped it and gives no reason that we know more of.',
  'The function beside the reason names the place in the kernel; nstat -az on that node shows which counter rises with it.',
];

const vanished: Said = [
  'It left one hop and no later one saw it, though all that should have were looking: no kernel that is watched dropped it.',
  'The wire or underlay between the two places: switches, security groups of a cloud, firewalls for the tunnel’s port, errors of cards (ethtool -S).',
];
const vanishedAtXdp: Said = [
  'It left one hop and no later one saw it; an XDP program sits where it should have come next, and what that drops the kernel does not tell.',
  'Counters of that XDP program, then the wire or underlay between the two places.',
];
const unseen: Said = [
  'Its end was not seen, and absence proves nothing here: an agent was not there, was blind for a moment, or another’s program took it over.',
  'Health of the measurement: agents that are silent, rings that are full, devices without our programs.',
];
const handed: Said = [
  'It was handed past the pod’s own device into the pod, as Cilium does; that is no loss.',
  'Nothing; what happens behind that is not seen here.',
];
const delivered: Said = ['It arrived.', 'Nothing.'];

/** What it means and what to look at. */
export function explainLoss(kind: LossKind): LossWords {
  const { verdict, hook } = kind;
  if (verdict === 'vanished') return words(kind.isXdp ? vanishedAtXdp : vanished);
  if (verdict === 'unseen') return words(unseen);
  if (verdict === 'handed') return words(handed);
  if (verdict === 'delivered') return words(delivered);
  const said = words(ofDrop(kind));
  return hook === null || kind.reason === 'NETFILTER_DROP' ? said : { ...said, means: `In netfilter’s ${hook} hook: ${said.means}` }; // prettier-ignore
}

function ofDrop({ reason, symbol }: LossKind): Said {
  const known = Object.hasOwn(reasons, reason) ? reasons[reason] : beginning(families, reason);
  return known ?? beginning(symbols, symbol) ?? unknown;
}

const beginning = (table: typeof families, name: string): Said | undefined =>
  table.find(([prefix]) => name.startsWith(prefix))?.[1];
