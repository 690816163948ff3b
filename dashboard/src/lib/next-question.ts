/** The next question to ask of what was clicked: one sentence, and the command that answers it. Pure. */
import type { SegmentName } from '../../../agent/paths/segments.ts';
import type { ShapeHop } from '../../../agent/trace/shape.ts';
import type { NodeHealth } from '../worker/health.ts';

export interface Question {
  ask: string;
  run: string;
  /** Where to run it; empty: anywhere. */
  on: string;
}

/** As a word for the shell: a device may be called anything. */
const word = (device: string): string => (/^[\w.:@-]+$/.test(device) ? device : `'${device.replaceAll("'", `'\\''`)}'`);

type Hop = Pick<ShapeHop, 'node' | 'device' | 'kind'>;

const questions: Record<SegmentName, (from: Hop, to: Hop) => Omit<Question, 'on'>> = {
  bridge: (from, to) => ({
    ask: 'Does netfilter look at bridged frames too, or is a port of the bridge busy?',
    run: `sysctl net.bridge.bridge-nf-call-iptables; ip -s link show dev ${bridgeOf(from, to)}`,
  }),
  route: () => ({
    ask: 'How many rules does each packet pass, and is the table of connections full?',
    run: 'nft list ruleset | wc -l; conntrack -S; sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max',
  }),
  encap: (from) => ({
    ask: 'Is the tunnel’s segmentation or checksum done by the CPU instead of the card?',
    run: `ethtool -k ${word(from.device)} | grep -E 'udp_tnl|segmentation|checksum'; ip -s -d link show dev ${word(from.device)}`,
  }),
  queue: (from) => ({
    ask: 'Is there a backlog, or a shaper that holds packets back?',
    run: `tc -s qdisc show dev ${word(from.device)}`,
  }),
  wire: (from) => ({
    ask: 'Does the link drop, pause or retrain, or does the packet wait in the queue before it (agents with --queues on tell)?',
    run: `ethtool -S ${word(from.device)} | grep -E 'err|drop|pause|discard'; tc -s qdisc show dev ${word(from.device)}`,
  }),
  receive: (_, to) => ({
    ask: 'Are packets held together by GRO, or is this CPU’s softirq late?',
    run: `cat /proc/net/softnet_stat; ethtool -c ${word(to.device)}`,
  }),
  decap: (_, to) => ({
    ask: 'Is one CPU doing the receiving for all tunnels, because the outer ports are hashed to one queue?',
    run: `mpstat -P ALL 1 3; ip -s -d link show dev ${word(to.device)}`,
  }),
  pod: (from) => ({
    ask: 'Does the pod that forwards it get its CPU time?',
    run: `grep throttled /sys/fs/cgroup/kubepods*/**/cpu.stat; ip -s link show dev ${word(from.device)}`,
  }),
  veth: (from) => ({
    ask: 'Is the CPU that takes packets over from this veth busy?',
    run: `cat /proc/net/softnet_stat; ip -s link show dev ${word(from.device)}`,
  }),
  device: (from, to) => ({
    ask: 'What sits between these two devices: a bond, a VLAN, somebody’s program?',
    run: `ip -d link show dev ${word(from.device)}; tc filter show dev ${word(to.device)} ingress; bpftool net`,
  }),
};

const bridgeOf = (from: Hop, to: Hop): string => word((from.kind === 'bridge' ? from : to).device);

/** Work on a way in is the receiver's. */
const inbound = new Set<SegmentName>(['receive', 'decap']);

export function askSegment(name: SegmentName, from: Hop, to: Hop): Question {
  return { ...questions[name](from, to), on: inbound.has(name) ? to.node : from.node };
}

export const askDevice = ({ node, device, kind }: Hop): Question => ({
  ask:
    kind === 'uplink' || kind === 'physical'
      ? 'Does the card drop or queue, and which other paths pass it?'
      : 'Does the device drop or queue, and which other paths pass it?',
  run: `ip -s link show dev ${word(device)}; tc -s qdisc show dev ${word(device)}; hoplens trace ${word(`device:${device}`)}`,
  on: node,
});

/** From here on an offset says little of times on an idle wire. */
const LOOSE_CLOCK_NS = 1e6;

type Node = Pick<NodeHealth, 'name' | 'state' | 'ringFull' | 'capped' | 'missed' | 'unattached' | 'boundNs'>;

export function askNode({ name, state, ringFull, capped, missed, unattached, boundNs }: Node): Question {
  const on = name;
  if (state !== 'up')
    return {
      ask: 'Why is its agent silent: gone, without CPU, or not reachable?',
      run: 'kubectl get pods -o wide -A | grep hoplens',
      on: '',
    };
  if (unattached > 0) return { ask: 'Why could not all devices be attached?', run: 'hoplens doctor', on };
  if (ringFull > 0 || capped > 0)
    return { ask: 'Does it need a larger budget, or a filter?', run: 'hoplens agent --budget 50000', on };
  if (missed > 0)
    return { ask: 'Is the way from here to its gateway too slow for the stream?', run: 'ss -ti sport = :9430', on };
  if (!(boundNs < LOOSE_CLOCK_NS))
    return {
      ask: 'Is its clock kept in step, or is there too little traffic both ways to know it?',
      run: 'chronyc tracking',
      on,
    };
  return {
    ask: 'Does its kernel drop or fall behind anywhere?',
    run: 'nstat -az | grep -iE "drop|overflow"; cat /proc/net/softnet_stat',
    on,
  };
}
