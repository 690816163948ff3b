/**
 * The JSON messages of the stream. Times are nanoseconds on the node's CLOCK_MONOTONIC since the hello's `epochNs`,
 * so that a Number holds them exactly.
 */
import type { Fields } from './columns.ts';
import { FrameType, WireError, encodeFrame, type Frame, type FrameHeader } from './frame.ts';

/** What netlink says a device is. `uplink` is the device of the default route or of a tunnel's local address. */
export type DeviceKind =
  | 'pod' /* a veth whose peer is in another network namespace */
  | 'uplink'
  | 'bridge'
  | 'vxlan'
  | 'geneve'
  | 'ipip'
  | 'wireguard'
  | 'veth' /* both ends on this node */
  | 'physical'
  | 'other';

export type XdpMode = 'native' | 'generic' | 'offload';

export interface Device {
  ifindex: number;
  name: string;
  kind: DeviceKind;
  /** As netlink calls it: veth, bridge, vxlan, ...; empty for physical ones. */
  linkType: string;
  mtu: number;
  mac: string;
  up: boolean;
  /** Of the node itself, without prefix length. */
  addresses: string[];
  /** ifindex of the bridge that it is a port of; 0 without. */
  master: number;
  /** ifindex of the device that it sends through, as a VLAN does; absent without. */
  parent?: number;
  /** Network namespace of a veth's peer as an nsid, and the peer's ifindex there. */
  peer?: { nsid: number; ifindex: number };
  tunnel?: { vni: number; port: number; local: string };
  /** Whether our programs sit there, or why not. */
  attached: boolean;
  error?: string;
  /** The mode of an XDP program that sits there: a packet that a native or offloaded one drops was none yet to the kernel. */
  xdp?: XdpMode;
  /** Somebody else's tc or tcx programs at this device. */
  foreignPrograms: { ingress: number; egress: number };
}

export interface Exponents {
  marks: number;
  packets: number;
  control: number;
}

/** First message of a stream, and again to each new reader. */
export interface Hello {
  type: 'hello';
  node: string;
  hoplens: string;
  /** `noDrops`: why this node's drops are not watched; `noRules`: of whose netfilter rules changes are not told. */
  kernel: { release: string; hooks: 'tcx' | 'clsact'; bootId: string; noDrops?: string; noRules?: string };
  /** CLOCK_MONOTONIC and CLOCK_MONOTONIC_RAW at the stream's start, decimal nanoseconds; wall clock as ISO 8601. */
  epochNs: string;
  rawEpochNs: string;
  /** CLOCK_REALTIME likewise. */
  realtimeEpochNs?: string;
  startedAt: string;
  /** The node's clock is wrong on purpose, by so much. */
  testClock?: string;
  /** UDP port at which this agent answers others' probe; absent where it does not. */
  probePort?: number;
  fields: Fields;
  limits: { budget: number; ringBytes: number; maxDevices: number; maxFrameBytes: number };
  devices: Device[];
}

/** The node's devices, whole, whenever one changed. */
export interface DevicesMessage {
  type: 'devices';
  timeNs: number;
  devices: Device[];
}

/** One way to a drop. */
export interface DropPlace {
  /** The running kernel's own name, without SKB_DROP_REASON_. */
  reason: string;
  /** The function that freed the packet. */
  symbol: string;
  /** The netfilter hook that it was in, such as forward or bridge prerouting; null outside of one. */
  hook: string | null;
  /** Functions from there outwards, as the kernel prints them. */
  stack: string[];
}

/** All ways to a drop so far, whenever there is a new one: number n is that of records whose `drop` is n + 1. */
export interface PlacesMessage {
  type: 'places';
  timeNs: number;
  places: DropPlace[];
}

/** Whose addresses these are: what a names file or Kubernetes says (agent/names/schema.ts has the rules). */
export interface Names {
  pods: { name: string; namespace?: string; workload?: string; node?: string; addresses: string[] }[];
  services: {
    name: string;
    namespace?: string;
    /** None for one that is reached by node ports alone. */
    addresses: string[];
    /** `protocol` is tcp where it is not said. */
    ports: { port: number; nodePort?: number; protocol?: 'tcp' | 'udp' | 'sctp' }[];
  }[];
  nodes: { name: string; addresses: string[] }[];
}

/** What Kubernetes calls whom: of pods those of the agent's own node. */
export type ClusterNames = Pick<Names, 'pods' | 'services'>;

/** All names that this agent has, whenever its file or Kubernetes changed one. */
export interface NamesMessage extends ToldNames {
  type: 'names';
  timeNs: number;
}

/** What an agent's file says, and what Kubernetes does. */
export interface ToldNames extends Names {
  /** Wall clock at which the file was written: of two files the newer is right. 0 without a file. */
  writtenMs: number;
  /** Absent from an agent that asks no Kubernetes; of two agents' the newer is right, and every file says otherwise. */
  kubernetes?: ClusterNames & { writtenMs: number };
}

/** What the kernel dropped of this node's packets and of its pods', exactly, since the agent's start. */
export interface DropTotals {
  packets: number;
  bytes: number;
  /** Of sampled packets; those that could not be written. */
  records: number;
  recordsLost: number;
  reasons: Record<string, number>;
  /** That the kernel told nobody of, this agent's packets or not: their packets seem to have vanished. */
  untold?: number;
}

/** One hop's exact totals since the agent's start. */
export interface HopTotals {
  ifindex: number;
  direction: 'ingress' | 'egress';
  packets: number;
  bytes: number;
  wirePackets: number;
  own: number;
  /** Packets that filters in force matched. */
  filtered: number;
  records: number;
  ringFull: number;
  capped: number;
  unparsed: Record<string, number>;
}

/** Time in which absence proves nothing. */
export interface Blind {
  fromNs: number;
  toNs: number;
  reason: 'start' | 'ring full' | 'capped' | 'exponent' | 'device';
  ifindex?: number;
}

/** CLOCK_MONOTONIC and CLOCK_MONOTONIC_RAW since their epochs, and how far apart the two readings may be. */
export type ClockPair = readonly [monotonicNs: number, rawNs: number, withinNs?: number];

/**
 * CLOCK_REALTIME less CLOCK_MONOTONIC_RAW when this one showed `rawNs`, all since their epochs, and how wrong CLOCK_REALTIME can
 * be at most, as the kernel says.
 */
export interface Realtime {
  rawNs: number;
  offsetNs: number;
  maxErrorNs: number;
}

/** The node's clocks stood still up to `timeNs`, for so long. */
export interface Suspension {
  timeNs: number;
  ns: number;
}

/** A route of the node's own network namespace. */
export interface RouteChange {
  change: 'new' | 'replaced' | 'gone';
  /** An address with its length. */
  destination: string;
  /** Of the first way; empty for what is on the link. */
  gateway: string;
  /** 0 where it leads nowhere. */
  ifindex: number;
  table: number;
  /** ip's word for one that leads nowhere: blackhole, unreachable, ... */
  refusal?: string;
}

/** Counts are exact unless `isCut`: then there was more than the kernel could tell. */
export interface Changes {
  /** Not those that the kernel makes itself of a device's addresses. `policies`: which table is asked (`ip rule`). */
  routes?: {
    new: number;
    replaced: number;
    gone: number;
    policies: number;
    /** The first of them. */
    examples: RouteChange[];
    isCut?: boolean;
  };
  /** Of nftables: tables, chains, rules, sets, elements that do not expire. Those that changed most, and the others' sum. */
  rules?: {
    tables: { family: string; table: string; changes: number }[];
    others?: { tables: number; changes: number };
    isCut?: boolean;
  };
}

/** Every second. What happened since the one before; totals since the start. */
export interface Status {
  type: 'status';
  timeNs: number;
  /** About every 100 ms. */
  clockPairs: ClockPair[];
  suspended?: Suspension[];
  /** Only where somebody keeps CLOCK_REALTIME in step (NTP, PTP). */
  realtime?: Realtime;
  /** In force from `fromNs` on; the last one still is. */
  exponents: ({ fromNs: number } & Exponents)[];
  blind: Blind[];
  totals: HopTotals[];
  /** Absent where drops are not watched. */
  drops?: DropTotals;
  cost: { cpuMs: number; rssBytes: number; recordsPerSecond: number };
  /** Absent where nothing did. */
  changes?: Changes;
  /** Absent without one. */
  filter?: FilterInForce;
}

/** A filter that somebody asked for: what it matches is followed by exponents of its own. */
export interface FilterInForce {
  /** As tcpdump has it. */
  expression: string;
  /** Who asked: an address. It goes when they go. */
  by: string;
  /** Why it is not in force, and from which character on. */
  problem?: { message: string; at: number };
  /** Why drops and queues are told of by the sample only. */
  missing?: string;
  /** Of what it matches; 0 unless that would exceed the filter's part of the budget. */
  exponents: Exponents;
}

/** To one slow reader: frames of a stream that it will never see. */
export interface Missed {
  type: 'missed';
  frames: number;
  bytes: number;
}

/** From a gateway: the state of its peers. */
export interface Peers {
  type: 'peers';
  peers: { url: string; node?: string; state: 'connecting' | 'up' | 'down' | 'refused'; error?: string }[];
}

/**
 * At the head of what agents held: one moment on the clocks of several streams, by which frames of the past find their
 * time. To a newcomer once more behind the past: from there on frames come as they are made.
 */
export interface HistoryMessage {
  type: 'history';
  /** Wall clock of whoever put it together, at that moment. */
  wallMs: number;
  /** What each stream's own clock showed then, in its frames' milliseconds. */
  streams: { stream: number; node: string; timeMs: number }[];
  isLive: boolean;
}

export type Message = Hello | DevicesMessage | PlacesMessage | NamesMessage | Status | Missed | Peers | HistoryMessage;

const frameTypes = {
  hello: FrameType.hello, devices: FrameType.devices, status: FrameType.status,
  missed: FrameType.missed, peers: FrameType.peers, places: FrameType.places, names: FrameType.names, history: FrameType.history,
} as const; // prettier-ignore

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message as a frame. */
export function encodeMessage(header: Omit<FrameHeader, 'type'>, message: Message): Uint8Array {
  const json = encoder.encode(JSON.stringify(message));
  const payload = new Uint8Array((json.length + 7) & ~7).fill(0x20);
  payload.set(json);
  return encodeFrame({ ...header, type: frameTypes[message.type] }, payload);
}

/**
 * The message of any frame but legs. Only its type is checked: readers narrow what they use.
 * @throws WireError 'json'
 */
export function decodeMessage(frame: Frame): Message {
  let message: unknown;
  try {
    message = JSON.parse(decoder.decode(frame.payload));
  } catch {
    throw new WireError('json', 'message frame without JSON');
  }
  const type = (message as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || frameTypes[type as Message['type']] !== frame.type) {
    throw new WireError('json', `message frame of type ${frame.type} says ${JSON.stringify(type)}`);
  }
  return message as Message;
}
