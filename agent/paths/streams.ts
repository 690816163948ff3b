/** What is known of each agent's stream: devices, exponents, clock, gaps, and how its time lies to the viewer's. */
import type { Blind, Device, DropPlace, DropTotals, Exponents, FilterInForce, Hello, Status } from '../wire/messages.ts'; // prettier-ignore
import type { Fields } from '../wire/columns.ts';
import { checkFields } from './legs-frame.ts';
import { createRawLine, type RawLine } from './raw-time.ts';

/** What a device is to a path: `pod` and `outside` are where packets enter and leave a node. */
export const Role = { inside: 0, pod: 1, outside: 2 } as const;

export interface KnownDevice extends Device {
  role: number;
  /** Packets that came in here for pods of this node were seen at the pods' own devices. */
  showsArrivals: boolean;
  /** The node's time when it was missing first; Infinity while it is there. */
  goneNs: number;
}

export interface Stream {
  id: number;
  /** Index of the node's name, kept when the agent starts again. */
  node: number;
  name: string;
  /** The node has a newer one: the times of this one are no more of a clock that is known. */
  isOver: boolean;
  fields: Fields;
  rawEpochNs: bigint;
  /** Absent in streams of agents that do not tell of CLOCK_REALTIME. */
  realtimeEpochNs: bigint | undefined;
  /** CLOCK_REALTIME when the stream began, as ISO 8601. */
  startedAt: string;
  testClock: string | undefined;
  /** Where its agent answers the probe. */
  probePort: number | undefined;
  devices: Map<number, KnownDevice>;
  rawLine: RawLine;
  /** Ways to a drop, by number. */
  places: DropPlace[];
  /** What its kernel dropped since its agent's start; undefined where nobody watches. */
  drops: DropTotals | undefined;
  exponents: ({ fromNs: number } & Exponents)[];
  /** That somebody asked for, as the latest status has it. */
  filter: FilterInForce | undefined;
  blind: { fromNs: number; toNs: number }[];
  /** Viewer's time of the first frame, and of the latest. */
  firstMs: number;
  latestMs: number;
  /** Statuses so far, and the time of the last: what happened before has been sent. */
  statuses: number;
  statusNs: number;
  /** Viewer's milliseconds less the stream's: the least seen in this half minute and in the one before. */
  align: { currentMs: number; previousMs: number; sinceMs: number };
  sequence: number | undefined;
  /** Latest time that any frame spoke of. */
  dataNs: number;
  /** Cumulated [time, wire packets that pods sent] at each status, and each device's last total. */
  sent: { timeNs: number; wirePackets: number }[];
  sentOf: Map<number, number>;
  /** Records that the agent lost, cumulated likewise. */
  lost: { timeNs: number; records: number }[];
  lostOf: Map<string, number>;
}

/** Legs are sent at most this long after their packets. */
const LEG_DELAY_NS = 100e6;
const HISTORY_NS = 60e9;
const ALIGN_MS = 30_000;
/** Devices that are gone stay known for a while, for records of them are under way; a node that makes thousands forgets. */
const MAX_DEVICES = 4096;

const roleOf = (device: Device): number => {
  if (device.kind === 'pod') return Role.pod;
  return device.kind === 'uplink' || device.kind === 'physical' ? Role.outside : Role.inside;
};

/** @throws WireError 'columns' when its fields do not serve */
export function createStream(id: number, node: number, hello: Hello, nowMs: number): Stream {
  checkFields(hello.fields);
  const stream: Stream = {
    id,
    node,
    name: hello.node,
    isOver: false,
    fields: hello.fields,
    rawEpochNs: BigInt(hello.rawEpochNs),
    realtimeEpochNs: hello.realtimeEpochNs === undefined ? undefined : BigInt(hello.realtimeEpochNs),
    startedAt: hello.startedAt,
    testClock: hello.testClock,
    probePort: hello.probePort,
    devices: new Map(),
    rawLine: createRawLine(),
    places: [],
    drops: undefined,
    exponents: [],
    filter: undefined,
    blind: [],
    firstMs: nowMs,
    latestMs: nowMs,
    statuses: 0,
    statusNs: -Infinity,
    align: { currentMs: Infinity, previousMs: Infinity, sinceMs: nowMs },
    sequence: undefined,
    dataNs: 0,
    sent: [],
    sentOf: new Map(),
    lost: [],
    lostOf: new Map(),
  };
  setDevices(stream, hello.devices);
  return stream;
}

export function setDevices(stream: Stream, devices: Device[]): void {
  if (stream.devices.size > MAX_DEVICES) stream.devices.clear();
  for (const device of devices) {
    const known = stream.devices.get(device.ifindex);
    // Whoever comes to a device may take packets over from then on.
    const isAsBefore = known?.foreignPrograms.ingress === device.foreignPrograms.ingress;
    const showsArrivals = isAsBefore && known.showsArrivals;
    stream.devices.set(device.ifindex, { ...device, role: roleOf(device), showsArrivals, goneNs: Infinity });
  }
  forgetDevices(stream, new Set(devices.map(({ ifindex }) => ifindex)));
}

function forgetDevices({ devices, dataNs }: Stream, present: ReadonlySet<number>): void {
  for (const [ifindex, device] of devices) {
    if (!present.has(ifindex)) device.goneNs = Math.min(device.goneNs, dataNs);
    if (device.goneNs < dataNs - HISTORY_NS) devices.delete(ifindex);
  }
}

/** A frame that says its node's time came now: the least difference is nearest to the truth. */
export function alignStream(stream: Stream, timeNs: number, nowMs: number): void {
  const { align } = stream;
  if (nowMs - align.sinceMs > ALIGN_MS) {
    align.previousMs = align.currentMs;
    align.currentMs = Infinity;
    align.sinceMs = nowMs;
  }
  align.currentMs = Math.min(align.currentMs, nowMs - timeNs / 1e6);
}

const offsetMs = ({ align }: Stream): number => Math.min(align.currentMs, align.previousMs);

/** The viewer's time of a node's time: right within the delay of the fastest frames. */
export const viewerMs = (stream: Stream, timeNs: number): number => offsetMs(stream) + timeNs / 1e6;

export const nodeNs = (stream: Stream, timeMs: number): number => (timeMs - offsetMs(stream)) * 1e6;

/** Counts the frame's number: how many are missing before it, or -1 when it came already. */
export function countSequence(stream: Stream, sequence: number): number {
  const last = stream.sequence;
  const step = last === undefined ? 1 : (sequence - last) | 0;
  if (step <= 0) return -1;
  stream.sequence = sequence;
  return step - 1;
}

/** Frames are missing between what came last and `toNs`. */
export function addGap(stream: Stream, toNs: number): void {
  addBlind(stream, { fromNs: stream.dataNs - LEG_DELAY_NS, toNs: Math.max(toNs, stream.dataNs) + LEG_DELAY_NS });
}

function addBlind(stream: Stream, { fromNs, toNs }: Pick<Blind, 'fromNs' | 'toNs'>): void {
  stream.blind.push({ fromNs, toNs });
  if (stream.blind.length > 1024) stream.blind.splice(0, 512);
}

/** Whether absence between these times (the node's) proves nothing. */
export function isBlind(stream: Stream, fromNs: number, toNs: number): boolean {
  return stream.blind.some((blind) => blind.fromNs <= toNs && blind.toNs >= fromNs);
}

/** The highest exponent in force in that time; 0 as long as the node has not said. */
export function exponentBetween(stream: Stream, which: keyof Exponents, fromNs: number, toNs: number): number {
  let highest = 0;
  const { exponents } = stream;
  for (let i = exponents.length - 1; i >= 0; i--) {
    const entry = exponents[i];
    if (entry.fromNs <= toNs) highest = Math.max(highest, entry[which]);
    if (entry.fromNs <= fromNs) break;
  }
  return highest;
}

export function addStatus(stream: Stream, status: Status): void {
  // A gateway repeats the last status to newcomers.
  if (status.timeNs <= stream.statusNs) return;
  stream.rawLine.add(status.clockPairs);
  for (const entry of status.exponents) {
    if (entry.fromNs > (stream.exponents.at(-1)?.fromNs ?? -Infinity)) stream.exponents.push(entry);
  }
  while (stream.exponents.length > 1 && stream.exponents[1].fromNs < status.timeNs - HISTORY_NS) {
    stream.exponents.shift();
  }
  for (const blind of status.blind) addBlind(stream, blind);
  stream.blind = stream.blind.filter((blind) => blind.toNs >= status.timeNs - HISTORY_NS);
  countTotals(stream, status);
  stream.drops = status.drops;
  stream.filter = status.filter;
  stream.statusNs = status.timeNs;
  stream.dataNs = Math.max(stream.dataNs, status.timeNs);
  stream.statuses++;
}

function countTotals(stream: Stream, status: Status): void {
  const { sentOf, lostOf } = stream;
  let sent = stream.sent.at(-1)?.wirePackets ?? 0;
  let lost = stream.lost.at(-1)?.records ?? 0;
  // Of devices that are gone nothing is kept.
  stream.sentOf = new Map();
  stream.lostOf = new Map();
  const isFirst = stream.statuses === 0;
  for (const hop of status.totals) {
    if (hop.direction === 'ingress' && stream.devices.get(hop.ifindex)?.role === Role.pod) {
      stream.sentOf.set(hop.ifindex, hop.wirePackets);
      if (!isFirst) sent += rise(sentOf.get(hop.ifindex) ?? 0, hop.wirePackets);
    }
    const key = hop.ifindex + hop.direction;
    const records = hop.ringFull + hop.capped;
    stream.lostOf.set(key, records);
    if (!isFirst) lost += rise(lostOf.get(key) ?? 0, records);
  }
  stream.sent.push({ timeNs: status.timeNs, wirePackets: sent });
  stream.lost.push({ timeNs: status.timeNs, records: lost });
  // A trace asks for its beginning and its end only: a long one forgets what lies between.
  for (const series of [stream.sent, stream.lost]) if (series.length > 512) series.splice(128, 128);
}

/** How much a total rose; one that fell began again (a device went and another took its number). */
const rise = (before: number, total: number): number => (total >= before ? total - before : total);

/** A cumulated series at a time between its points: they come every second, a trace begins and ends in between. */
export function cumulatedAt<T extends { timeNs: number }>(
  series: T[],
  timeNs: number,
  value: (point: T) => number,
): number {
  const after = series.findIndex((point) => point.timeNs >= timeNs);
  if (after === -1) return series.length ? value(series.at(-1)!) : 0;
  const b = series[after];
  const a = series[after - 1];
  if (!a) return value(b);
  return value(a) + ((value(b) - value(a)) * (timeNs - a.timeNs)) / (b.timeNs - a.timeNs);
}
