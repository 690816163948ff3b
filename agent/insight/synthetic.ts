/** For tests: a cluster whose packets take known times, and what befalls them. Figures only; no frames. */
import { bucketOf } from '../histogram/histogram.ts';
import type { SegmentName } from '../paths/segments.ts';
import type { DeviceKind } from '../wire/messages.ts';
import {
  Count, countsOf, timesOf, Whole, wholeOf,
  type Coverage, type Disordered, type Figures, type Lane, type LaneHop, type LaneWay, type NodeFigures,
} from './figures.ts'; // prettier-ignore
import type { Insight } from './explain.ts';
import { createStore } from './store.ts';
import { createWatch } from './watch.ts';

/** Repeatable: equal seeds, equal numbers in [0, 1). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Passing {
  second: number;
  from: number;
  to: number;
  fromPod: number;
  toPod: number;
  service: number;
  isRequest: boolean;
  hops: LaneHop[];
}

/** One stretch of it. */
export interface Piece extends Passing {
  segment: SegmentName;
  /** Device names of both ends. */
  ends: [string, string];
  nodes: [string, string];
}

/** What goes wrong; each is asked of every packet and changes nothing by default. */
export interface Fault {
  /** Nanoseconds more. */
  delayNs?: (piece: Piece) => number;
  /** The words of a loss at this stretch, for this share of packets. */
  loss?: (piece: Piece) => [share: number, words: string] | undefined;
  disorder?: (piece: Piece) => [share: number, what: Disordered] | undefined;
  /** Sent again, though all hops passed it on. */
  resent?: (packet: Passing) => number;
  /** Fragments beside it, from the device with this name on. */
  fragments?: (packet: Passing) => [share: number, device: string] | undefined;
  /** Not seen by us. */
  isUnseen?: (packet: Passing) => boolean;
  node?: (node: NodeFigures) => NodeFigures;
  coverage?: (coverage: Coverage) => Coverage;
}

export interface ClusterOptions {
  nodes?: number;
  pods?: number;
  services?: number[];
  /** Packets of a lane in a second. */
  rate?: (second: number, lane: number) => number;
  /** How busy everything is: times grow with it. */
  load?: (second: number) => number;
  queues?: boolean;
  seed?: number;
  fault?: Fault;
  /** Seconds: the fault lasts from, until. */
  from?: number;
  until?: number;
  /** Nobody asks what hurts before. */
  askedFrom?: number;
  /** Of each second in which somebody asks. */
  onFigures?: (figures: Figures, second: number) => void;
}

export const nodeName = (node: number): string => `n${node + 1}`;
export const podName = (node: number, pod: number): string => `10.244.${node + 1}.${pod + 2}`;

/** Medians in nanoseconds. */
const usualNs: Record<SegmentName, number> = {
  bridge: 900, route: 2500, encap: 3500, queue: 700, wire: 45_000, receive: 6000, decap: 3000, pod: 9000, veth: 800, device: 800,
}; // prettier-ignore

const hop = (node: number, device: string, kind: DeviceKind, direction: LaneHop['direction']): LaneHop => ({
  node: nodeName(node), device, kind, direction,
}); // prettier-ignore

/** From pod to pod over VXLAN, or over the bridge of one node. */
function wayOf(from: number, fromPod: number, to: number, toPod: number, queues: boolean): [LaneHop[], SegmentName[]] {
  const first = hop(from, `veth${fromPod}`, 'pod', 'ingress');
  const last = hop(to, `veth${toPod}`, 'pod', 'egress');
  if (from === to) return [[first, last], ['bridge']];
  const out = [hop(from, 'cni0', 'bridge', 'ingress'), hop(from, 'flannel.1', 'vxlan', 'egress'), hop(from, 'eth0', 'uplink', 'egress')];
  const into = [hop(to, 'eth0', 'uplink', 'ingress'), hop(to, 'flannel.1', 'vxlan', 'ingress'), hop(to, 'cni0', 'bridge', 'egress')];
  const queued = [hop(from, 'eth0', 'uplink', 'transmit'), hop(to, 'eth0', 'uplink', 'receive')];
  return [
    [first, ...out, ...(queues ? queued : []), ...into, last],
    ['bridge', 'route', 'encap', ...(queues ? (['queue', 'wire', 'receive'] as const) : (['wire'] as const)), 'decap', 'route', 'bridge'],
  ];
} // prettier-ignore

type Conversation = Omit<Passing, 'second' | 'hops'>;

/** Pods of odd numbers serve those of even ones, everywhere; requests and replies are two. */
function conversationsOf(nodes: number, pods: number, services: readonly number[]): Conversation[] {
  const all = Array.from({ length: nodes * pods }, (_, pod) => pod);
  return all.flatMap((a) =>
    all
      .filter((b) => (a + b) % 2 === 1)
      .map((b) => ({
        from: Math.floor(a / pods), fromPod: a % pods, to: Math.floor(b / pods), toPod: b % pods,
        service: services[(a + b) % services.length], isRequest: b % 2 === 1,
      })),
  );
} // prettier-ignore

/** Runs a cluster for so many seconds; gives what was said after each of which somebody asked. */
export function run(seconds: number, options: ClusterOptions = {}): Insight[] {
  const {
    nodes = 3,
    pods = 2,
    services = [80],
    queues = false,
    seed = 1,
    fault = {},
    from = Infinity,
    until = Infinity,
  } = options;
  const { rate = () => 12, load = () => 0.3, askedFrom = 0 } = options;
  const random = createRandom(seed);
  const store = createStore();
  const watch = createWatch();
  const conversations = conversationsOf(nodes, pods, services);
  /** Between halves and twice the median, with a tail: rarely ten times that. */
  const spread = (): number => Math.exp((random() + random() + random() - 1.5) * 0.9) * (random() < 0.01 ? 10 : 1);

  function send(packet: Passing, segments: SegmentName[], active: Fault): void {
    const { hops, second } = packet;
    if (active.isUnseen?.(packet)) return;
    let [loss, at] = ['', segments.length];
    const pieces = segments.map((segment, index): Piece => ({
      ...packet, segment, ends: [hops[index].device, hops[index + 1].device], nodes: [hops[index].node, hops[index + 1].node],
    })); // prettier-ignore
    pieces.forEach((piece, index) => {
      const lost = active.loss?.(piece);
      if (loss === '' && lost && random() < lost[0]) [loss, at] = [lost[1], index];
    });
    const lane = laneOf(packet, hops.slice(0, at + 1), segments.slice(0, at), loss);
    store.add(second, wholeOf(lane), Whole.packets);
    for (let index = 0; index < at; index++) {
      const more = active.delayNs?.(pieces[index]) ?? 0;
      const crowd = 1 + load(second);
      store.add(second, timesOf(lane, index), bucketOf(usualNs[segments[index]] * crowd * spread() + more * (0.8 + random() * 0.4)));
      const disorder = active.disorder?.(pieces[index]);
      if (disorder && random() < disorder[0]) store.add(second, countsOf(lane, index), Count[disorder[1]]);
    }
    if (random() < (active.resent?.(packet) ?? 0)) store.add(second, wholeOf(lane), Whole.resent);
    const cut = active.fragments?.(packet);
    const begin = cut ? hops.findIndex(({ device }) => device === cut[1]) : -1;
    if (!cut || begin < 0 || random() >= cut[0]) return;
    const fragment = laneOf(packet, hops.slice(begin), segments.slice(begin), '', true);
    store.add(second, wholeOf(fragment), Whole.packets);
  } // prettier-ignore

  function laneOf(packet: Passing, hops: LaneHop[], segments: SegmentName[], loss: string, isFragment = false): Lane {
    const { from, fromPod, to, toPod, service, isRequest, second } = packet;
    const [source, destination] = [podName(from, fromPod), podName(to, toPod)];
    const path = isRequest ? `${source} ▶ ${destination}:${service}` : `${source}:${service} ▶ ${destination}`;
    const way: LaneWay = {
      path, source, service: `${isRequest ? destination : source}:${service}`, hops, segments, loss, isFragment, name: path,
    }; // prettier-ignore
    const lane = store.lane(`${path} ${hops.length} ${loss} ${isFragment}`, () => way)!;
    lane.lastSecond = second;
    lane.relativeBoundNs = 2000;
    return lane;
  }

  const said: Insight[] = [];
  for (let second = 0; second < seconds; second++) {
    const active = second >= from && second < until ? fault : {};
    conversations.forEach((conversation, index) => {
      const { from: a, fromPod, to: b, toPod } = conversation;
      const [hops, segments] = wayOf(a, fromPod, b, toPod, queues);
      // Packets come when they come.
      const count = Math.floor(rate(second, index) * (0.7 + 0.6 * random()) + random());
      for (let packet = 0; packet < count; packet++) send({ ...conversation, second, hops }, segments, active);
    });
    store.turn(second, watch.isQuiet());
    if (second < askedFrom) continue;
    const up = Array.from({ length: nodes }, (_, node): NodeFigures => ({ name: nodeName(node), isUp: true, sinceMs: 0 }));
    const whole: Coverage = { joinable: 1000, joinableJoined: 1000, sampled: 1000, lostByUs: 0 };
    const figures = store.figures(up.map(active.node ?? ((node) => node)), active.coverage?.(whole) ?? whole);
    said.push(watch.turn(figures));
    options.onFigures?.(figures, second);
  } // prettier-ignore
  return said;
}
