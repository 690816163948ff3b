/** What becomes of packets that reached their pod: the network did its work, and nobody took them. */
import type { Cause } from './cause.ts';
import { all, counted, lines, nft, nothing, queue, sysctl } from './make.ts';
import { inPod, on, since, upTo, type Described } from './places.ts';
import { stalled } from './stalled.ts';
import { connects, datagrams, pings, requests, unanswered } from './traffic.ts';

const way = upTo('flannel-vxlan', 'n2 vethapi egress');

/** Behind the last hop a packet without a reason may as well have been made use of. */
const noReason = (version: string) => () =>
  Promise.resolve(since(version, undefined, `a kernel whose drops have a reason here (Linux ${version})`));

/** Changes payload behind what identities are made of. The sender computes the sum itself, or nobody would look at it. */
const garble = (match: string) =>
  all(
    lines(['web: ethtool -K eth0 tx off'], ['web: ethtool -K eth0 tx on']),
    nft('n1', 'ip', 'forward priority 0', match, '@th,512,32 set 0x12345678'),
  );

const flannel: Described[] = [
  {
    name: 'receive buffer full',
    make: all(stalled('api', 'udp'), counted('api', 'snmp', 'Udp.RcvbufErrors')),
    traffic: unanswered(600, 1400),
    share: 'some',
    way,
    drop: inPod('n2', 'vethapi', 'SOCKET_RCVBUFF', 'udp_queue_rcv_one_skb'),
  },
  {
    /*
     * The queue holds two connections whose ACK has come. SYNs that find it full are thrown away without a word
     * (consume_skb), so this is about ACKs: the SYNs come before the queue is full, since SYN-ACKs wait at the client.
     */
    name: 'listen queue full',
    missing: noReason('6.15'),
    make: all(
      sysctl('api', 'net/core/somaxconn', '1', '4096'),
      sysctl('api', 'net/ipv4/tcp_syncookies', '0', '1'),
      queue('n1', 'vethweb', 'root tbf rate 16kbit burst 100 limit 30000'),
      stalled('api', 'http'),
      counted('api', 'netstat', 'TcpExt.ListenOverflows'),
    ),
    traffic: connects(3),
    share: 'some',
    way,
    drop: inPod('n2', 'vethapi', 'TCP_LISTEN_OVERFLOW', 'tcp_v4_rcv'),
  },
  {
    name: 'nobody listens',
    make: nothing,
    traffic: unanswered(100, 200, 7777, 100),
    share: 'all',
    way,
    drop: inPod('n2', 'vethapi', 'NO_SOCKET', '__udp4_lib_rcv'),
    error: { from: '10.244.2.2', share: 'all' },
  },
  {
    name: 'bad checksum, ICMP',
    make: garble('icmp type echo-request'),
    traffic: pings(4, { args: ['-s', '100'] }),
    share: 'all',
    way,
    drop: inPod('n2', 'vethapi', 'ICMP_CSUM', 'icmp_rcv'),
  },
  {
    // Looked at when the datagram is read, when the packet has left its device behind.
    name: 'bad checksum, UDP',
    missing: noReason('6.14'),
    make: garble('udp dport 5353'),
    traffic: datagrams(20, 200),
    share: 'all',
    way,
    drop: inPod('n2', 'vethapi', 'UDP_CSUM', 'udpv6_recvmsg'),
  },
  {
    name: 'bad checksum, TCP',
    make: garble('tcp dport 8080 tcp flags & (syn | psh) == psh numgen inc mod 3 0'),
    traffic: requests(200),
    share: 'some',
    way,
    drop: inPod('n2', 'vethapi', 'TCP_CSUM', 'tcp_v4_do_rcv'),
  },
];

export const pods: Cause[] = on('flannel-vxlan', flannel);
