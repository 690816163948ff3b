/** Frames in: streams are kept up to date, legs go into the pool. */
import { trackGaps, type Gaps } from '../client/gaps.ts';
import type { NameBook } from '../names/book.ts';
import { NamesError, parseNames } from '../names/schema.ts';
import { WireError, FrameType, decodeFrame, type Frame } from '../wire/frame.ts';
import { decodeMessage, type Hello, type NamesMessage, type Peers, type Status } from '../wire/messages.ts';
import type { AddressBook } from './addresses.ts';
import { noteArrivals, type Arrivals } from './arrivals.ts';
import type { Clocks } from './clocks.ts';
import { MAX_RECORDS } from './gather.ts';
import { readLegsFrame, type LegsFrame } from './legs-frame.ts';
import { EntryState, addEntry, addFrame, addLeg, findEntry, hasRoom, type Pool } from './pool.ts';
import {
  Role, addGap, addStatus, alignStream, countSequence, createStream, setDevices, viewerMs, type Stream,
} from './streams.ts'; // prettier-ignore
import { Direction, isDrop } from './words.ts';

export interface Intake {
  /** Streams by their id, and each node's current one. */
  streams: Map<number, Stream>;
  nodes: Map<string, number>;
  current: (Stream | undefined)[];
  /** What a gateway last said of its peers. */
  peers: Peers | undefined;
  /** Frames that were not ours or not whole; of streams without a hello; missing by their numbers. */
  garbage: number;
  orphans: number;
  framesMissed: number;
  gaps: Gaps;
  /** Legs that came after their path was told, or when their identity had more than any path has. */
  late: number;
}

export interface IntakeParts {
  pool: Pool;
  book: AddressBook;
  names: NameBook;
  clocks: Clocks;
  arrivals: Arrivals;
  joinWindowMs: number;
  /** A drop may come so long after its packet: a neighbour is waited for. */
  verdictMs: number;
  /** Makes room for one more leg. */
  makeRoom: () => void;
  /** Whether frames missing now count. */
  isCounting: () => boolean;
}

export const createIntake = (): Intake => ({
  streams: new Map(),
  nodes: new Map(),
  current: [],
  peers: undefined,
  garbage: 0,
  orphans: 0,
  framesMissed: 0,
  gaps: trackGaps(),
  late: 0,
});

/** Takes one whole frame; one that is bad is counted and skipped. */
export function takeFrame(intake: Intake, parts: IntakeParts, bytes: Uint8Array, nowMs: number): void {
  try {
    take(intake, parts, decodeFrame(bytes), nowMs);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    intake.garbage++;
  }
}

function take(intake: Intake, parts: IntakeParts, frame: Frame, nowMs: number): void {
  const message = frame.type === FrameType.legs ? undefined : decodeMessage(frame);
  if (message?.type === 'peers') {
    intake.peers = message;
    return;
  }
  // When frames of the past are due is for whoever hands them over.
  if (message?.type === 'history') return;
  if (message?.type === 'hello') takeHello(intake, parts, frame.stream, message, nowMs);
  const stream = intake.streams.get(frame.stream);
  if (!stream) {
    intake.orphans++;
    return;
  }
  stream.latestMs = nowMs;
  // Told by the server itself, outside the stream's numbers: what is missing shows in the next number.
  if (message?.type === 'missed') return;
  const missing = countSequence(stream, frame.sequence);
  // A newcomer is sent a stream's latest state first: what lies between that and now was never meant for it.
  const lost = intake.gaps.frame(frame);
  if (lost > 0 && parts.isCounting()) intake.framesMissed += lost;
  const legs = message === undefined && missing >= 0 ? readLegsFrame(stream, frame.payload) : undefined;
  const timeNs = legs?.baseNs ?? (message && 'timeNs' in message ? message.timeNs : stream.dataNs);
  if (missing > 0) addGap(stream, timeNs);
  if (legs) takeLegs(intake, parts, legs, nowMs);
  else if (message?.type === 'devices') {
    setDevices(stream, message.devices);
    setOwn(parts, stream);
  } else if (message?.type === 'places') {
    stream.places = message.places;
  } else if (message?.type === 'names') {
    takeNames(parts.names, stream, message);
  } else if (message?.type === 'status') {
    if (missing >= 0) alignStream(stream, message.timeNs, nowMs);
    addStatus(stream, message);
    for (const { timeNs } of message.suspended ?? []) parts.clocks.breakAt(stream.node, stream.rawLine.toRaw(timeNs));
    takeRealtime(parts.clocks, stream, message);
  }
}

function takeRealtime(clocks: Clocks, { node, realtimeEpochNs: epochNs }: Stream, { realtime }: Status): void {
  if (epochNs === undefined || !realtime) return;
  const { rawNs, offsetNs, maxErrorNs } = realtime;
  if (![rawNs, offsetNs, maxErrorNs].every(Number.isFinite) || maxErrorNs < 0) return;
  clocks.realtime(node, { epochNs, rawNs, offsetNs, maxErrorNs });
}

function takeHello(intake: Intake, parts: IntakeParts, id: number, hello: Hello, nowMs: number): void {
  let stream = intake.streams.get(id);
  if (stream) setDevices(stream, hello.devices);
  else {
    const node = intake.nodes.get(hello.node) ?? intake.nodes.size;
    stream = createStream(id, node, hello, nowMs);
    intake.nodes.set(hello.node, node);
    const before = intake.current[node];
    if (before) {
      before.isOver = true;
      intake.streams.delete(before.id);
      parts.clocks.reset(node);
      parts.names.forget(node);
    }
    intake.streams.set(id, stream);
    intake.current[node] = stream;
  }
  setOwn(parts, stream);
}

/** @throws WireError where it breaks the rules of a names file */
function takeNames(book: NameBook, stream: Stream, message: NamesMessage): void {
  const { pods, services, nodes, writtenMs, kubernetes } = message;
  try {
    const ofCluster = kubernetes && {
      names: parseNames({ pods: kubernetes.pods, services: kubernetes.services }),
      writtenMs: Number(kubernetes.writtenMs) || 0,
    };
    book.set(stream.node, parseNames({ pods, services, nodes }), Number(writtenMs) || 0, ofCluster);
  } catch (error) {
    if (!(error instanceof NamesError)) throw error;
    throw new WireError('json', `names of ${stream.name}: ${error.message}`);
  }
}

function setOwn({ book, names }: IntakeParts, stream: Stream): void {
  const devices = [...stream.devices.values()];
  const bridges = devices.filter((device) => device.kind === 'bridge').flatMap((device) => device.addresses);
  const own = devices.flatMap((device) => device.addresses);
  book.setOwn(stream.node, own, bridges);
  // An address of one link is the same on many nodes: it names nobody.
  names.setOwn(stream.node, stream.name, own.filter((address) => !address.startsWith('fe80:'))); // prettier-ignore
}

function takeLegs(intake: Intake, parts: IntakeParts, frame: LegsFrame, nowMs: number): void {
  const { stream, identity, direction } = frame;
  const { pool, joinWindowMs } = parts;
  alignStream(stream, frame.baseNs, nowMs);
  learnPods(parts.book, frame, nowMs);
  const offsetMs = viewerMs(stream, frame.baseNs);
  let number = -1;
  let row = 0;
  for (let leg = 0; leg < frame.legCount; leg++) {
    const count = frame.count[leg];
    const timeMs = offsetMs + frame.timeNs[row] / 1e6;
    if (!hasRoom(pool)) parts.makeRoom();
    if (number === -1) number = addFrame(pool, frame);
    const low = identity[2 * leg];
    const high = identity[2 * leg + 1];
    const windowMs = isDrop(direction[row]) ? parts.verdictMs : joinWindowMs;
    let entry = findEntry(pool, low, high, timeMs, windowMs);
    if (entry === -1) entry = addEntry(pool, low, high, timeMs);
    const slot = entry & pool.entryMask;
    if (pool.state[slot] === EntryState.done || pool.legsOf[slot] > MAX_RECORDS) intake.late++;
    else addLeg(pool, entry, number, row, count);
    row += count;
  }
  if (number !== -1) noteArrivals(parts.arrivals, pool, frame, number);
  stream.dataNs = Math.max(stream.dataNs, frame.baseNs + (row > 0 ? frame.timeNs[row - 1] : 0));
}

/** Whoever sends out of a pod's device lives behind it. */
function learnPods(book: AddressBook, frame: LegsFrame, nowMs: number): void {
  const { stream, direction, ifindex, flow } = frame;
  const learned = new Uint8Array(frame.protocol.length);
  for (let row = 0; row < frame.recordCount; row++) {
    if (direction[row] !== Direction.ingress || learned[flow[row]]) continue;
    if (stream.devices.get(ifindex[row])?.role !== Role.pod) continue;
    learned[flow[row]] = 1;
    book.learn(frame.source, 4 * flow[row], stream.node, ifindex[row], nowMs);
  }
}
