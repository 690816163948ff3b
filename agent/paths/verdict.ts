/**
 * What became of a packet, and whether it is fair to ask.
 *
 * `vanished` is only said when every doubt is out: the packet entered, five seconds passed, the node that should have seen
 * it next was there, saw without gaps, writes identities of this level, and (TCP) reports or covers the byte nowhere.
 */
import { isUnicast, type AddressBook } from './addresses.ts';
import type { Clocks, Correction } from './clocks.ts';
import { contextChain, frameOfLeg, isHeld, regionOf, type Pool } from './pool.ts';
import { exponentBetween, isBlind, nodeNs, Role, viewerMs, type KnownDevice, type Stream } from './streams.ts';
import { flowAt, type PathView, type Verdict } from './view.ts';
import { Direction, exponentFor, Kind } from './words.ts';

export interface World {
  pool: Pool;
  book: AddressBook;
  /** Current stream of each node. */
  streamOf: (node: number) => Stream | undefined;
  clocks: Pick<Clocks, 'between'>;
  joinWindowMs: number;
}

const isOutward = (direction: number): boolean => direction === Direction.egress || direction === Direction.transmit;

/** Fields of the view's last hop that several rules ask for. */
const last = (view: PathView) => {
  const hop = view.hopCount - 1;
  const frame = view.frames[hop];
  return { frame, row: view.rows[hop], flow: flowAt(view, hop), device: view.devices[hop], stream: view.streams[hop] };
};

/** The verdict where the last hop alone says it: reached, or past us into the pod as Cilium does. */
export function reached(view: PathView, book: AddressBook): Verdict | undefined {
  const { frame, row, flow, device, stream } = last(view);
  if (frame.direction[row] === Direction.egress) return device?.role === Role.pod ? 'delivered' : undefined;
  const owner = book.find(frame.destination, 4 * flow);
  if (owner?.node !== stream.node) return undefined;
  // A single hop that is both a pod's sending and a node's receiving has entered and arrived.
  if (owner.ifindex === 0) return 'delivered';
  return device && device.foreignPrograms.ingress > 0 && !device.showsArrivals ? 'handed' : undefined;
}

/**
 * Remembers by which of the node's devices a packet came that arrived at a pod's: one that ends at these was not
 * redirected past us, whoever's programs sit there.
 */
export function learnArrival(view: PathView): void {
  if (last(view).device?.role !== Role.pod) return;
  const { node } = view.streams[view.hopCount - 1];
  for (let hop = view.hopCount - 2; hop >= 0 && view.streams[hop].node === node; hop--) {
    const device = view.devices[hop];
    if (device && view.frames[hop].direction[view.rows[hop]] === Direction.ingress) device.showsArrivals = true;
  }
}

export interface Judgement {
  verdict: Verdict;
  /** Absent because we did not look. */
  byUs: boolean;
  joinable: boolean;
  /** Of a vanished packet: an XDP program sits where it should have come next. */
  xdp?: XdpAt | undefined;
}

export interface XdpAt {
  stream: Stream;
  device: KnownDevice;
}

/** Of a path that did not reach its last hop, five seconds on. `flooded`: nobody knows which of many ports was right. */
export function judge(view: PathView, flooded: boolean, world: World): Judgement {
  const { frame, flow, stream, device } = last(view);
  const isOut = isOutward(frame.direction[view.rows[view.hopCount - 1]]) && device?.role === Role.outside;
  const node = isOut ? world.book.expect(frame.destination, 4 * flow) : stream.node;
  const isExpected = node !== undefined && !(isOut && node === stream.node);
  if (flooded || !isExpected || !isUnicast(frame.destination, 4 * flow)) return unseen(false, false);
  const next = world.streamOf(node);
  const origin = expectedEntry(view, world);
  if (!view.hasEntry && origin === undefined) return unseen(false, false);
  const isSampledAll = isWrittenEverywhere(view, [next, origin], world);
  if (!isSampledAll || view.kind === Kind.fragment) return unseen(false, false);
  if (isUnwatched(view, next, world) || (!view.hasEntry && isUnwatched(view, origin, world))) return unseen(true, true);
  if (mayGoUnseen(view, isOut, next!, world)) return unseen(true, true);
  if (!view.hasEntry) return unseen(false, true);
  if (!isOut && device && device.foreignPrograms.ingress > 0) return unseen(false, false);
  return { verdict: 'vanished', byUs: false, joinable: false, xdp: isOut ? xdpAt(next) : undefined };
}

/**
 * Whether it may have gone on by a device of the node at which we are not: `--device` leaves it out, there are too many, or it refused us.
 * What is bound for elsewhere must pass an uplink, what is for a pod that we know its own device, and anything else any of them.
 */
function mayGoUnseen(view: PathView, isOut: boolean, { node, devices }: Stream, { book }: World): boolean {
  const { frame, flow } = last(view);
  const owner = book.find(frame.destination, 4 * flow);
  const isOutside = isOut || (owner !== undefined && owner.node !== node);
  const isOnWay = ({ role, ifindex }: KnownDevice): boolean =>
    isOutside ? role === Role.outside : !owner?.ifindex || ifindex === owner.ifindex;
  return [...devices.values()].some((device) => isUnwatchedDevice(device) && isOnWay(device));
}

const isUnwatchedDevice = ({ attached, up, kind, goneNs }: KnownDevice): boolean =>
  !attached && up && kind !== 'other' && goneNs === Infinity;

/** What an XDP program drops before the kernel makes a packet of it, nobody tells of. */
function xdpAt(stream: Stream | undefined): XdpAt | undefined {
  const device = [...(stream?.devices.values() ?? [])].find(
    ({ role, xdp }) => role === Role.outside && xdp !== undefined,
  );
  return device && { stream: stream!, device };
}

/** Of a path that reached its last hop without an entry of ours. */
export function judgeStart(view: PathView, world: World): Judgement {
  const origin = expectedEntry(view, world);
  // Fragments begin where a packet was cut up: on the way too, where connections are tracked.
  if (origin === undefined || view.kind === Kind.fragment || !isWrittenEverywhere(view, [origin], world))
    return unseen(false, false);
  return unseen(isUnwatched(view, origin, world), true);
}

const unseen = (byUs: boolean, joinable: boolean): Judgement => ({ verdict: 'unseen', byUs, joinable });

/** The stream of the node that should have seen the packet enter. */
function expectedEntry(view: PathView, world: World): Stream | undefined {
  const node = world.book.find(view.frames[0].source, 4 * flowAt(view, 0))?.node;
  return node === undefined ? undefined : world.streamOf(node);
}

/**
 * Whether every hop of the way must have written this identity (README, What the figures rest on): its level is at least every
 * exponent in force there in that time and, for a TCP mark, floor(log2) of the longest packet that carried the byte. The
 * longest is sought among the identity's own records and among all records that cover the mark: a hop that merged
 * segments into one longer packet wrote coarser marks only, and says so by covering this one.
 */
export function isWrittenEverywhere(view: PathView, further: (Stream | undefined)[], world: World): boolean {
  const which = exponentFor(view.kind);
  let level = 255;
  let needed = 0;
  for (let hop = 0; hop < view.hopCount; hop++) {
    const frame = view.frames[hop];
    const row = view.rows[hop];
    level = Math.min(level, frame.level[row]);
    needed = Math.max(needed, frame.exponent[row]);
    if (view.kind === Kind.mark) needed = Math.max(needed, 31 - Math.clz32(frame.payload[row]));
  }
  for (const stream of further) {
    if (!stream) continue;
    const { fromNs, toNs } = spanOf(stream, view, world);
    needed = Math.max(needed, exponentBetween(stream, which, fromNs, toNs));
  }
  if (level < needed) return false;
  const isWhole = view.hasEntry && view.hasLast;
  return view.kind !== Kind.mark || isWhole || level >= longestCover(view, world.pool);
}

/**
 * Whether a packet carried the marked byte that was too long to write it, though the path's first hop wrote it. Then the
 * byte was sent twice, and without timestamps both sendings have one identity: what arrived may be of the other one.
 */
export function isSentTwice(view: PathView, pool: Pool): boolean {
  if (view.kind !== Kind.mark || !view.hasEntry || !view.hasLast) return false;
  return view.frames[0].level[view.rows[0]] < longestCover(view, pool);
}

/**
 * floor(log2) of the longest packet with the same context that carried the marked byte; -1 without. A packet writes marks
 * of its own bytes, so one has a mark at most so many regions away as it is long.
 */
function longestCover(view: PathView, pool: Pool): number {
  const context = view.frames[0].context[view.rows[0]];
  const region = regionOf(view.frames[0].mark[view.rows[0]]);
  const reach = 1 + Math.min(MOST_REGIONS, regionOf(pool.longestPayload));
  let longest = -1;
  for (let near = region - reach; near <= region + reach; near++) {
    longest = Math.max(longest, longestIn(contextChain(pool, context, near & 0xffff), view, pool));
  }
  return longest;
}

/** A packet has at most 8 x 64 KiB; a frame that says otherwise is not to keep us busy. */
const MOST_REGIONS = 7;

function longestIn(chain: number, view: PathView, pool: Pool): number {
  const context = view.frames[0].context[view.rows[0]];
  const mark = view.frames[0].mark[view.rows[0]];
  let longest = -1;
  let leg = chain;
  let distance = 0;
  while (isHeld(leg, pool.legTail, pool.legHead)) {
    const frame = frameOfLeg(pool, leg);
    const first = pool.legFirst[leg & pool.legMask];
    for (let row = first; row < first + pool.legCount[leg & pool.legMask]; row++) {
      const isCovered = frame.context[row] === context && (mark - frame.sequence[row]) >>> 0 < frame.payload[row];
      if (isCovered) longest = Math.max(longest, 31 - Math.clz32(frame.payload[row]));
    }
    const step = (pool.legHead - leg) >>> 0;
    if (step <= distance) break;
    distance = step;
    leg = pool.contextPrevious[leg & pool.legMask]!;
  }
  return longest;
}

/** Before and behind its own time a record of another node is looked for: clocks and frames tell that no better. */
const BEFORE_MS = 100;

/** The node's time in which it should have written the missing record. */
function spanOf(stream: Stream, view: PathView, world: World): { fromNs: number; toNs: number } {
  const atNs = shownBy(stream, view, world);
  const { boundNs } = clock;
  return { fromNs: atNs - BEFORE_MS * 1e6 - boundNs, toNs: atNs + world.joinWindowMs * 1e6 + boundNs };
}

const firstNs = ({ frames: [frame], rows: [row] }: PathView): number => frame.baseNs + frame.timeNs[row];

/** Filled anew for each path. */
const clock: Correction = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };

/**
 * Fills `clock`. What the node's clock shows when the packet passes its first hop: as traffic compares both clocks, else as frames come,
 * which are late by as much as the viewer, the network or a recording's beginning makes them.
 */
function shownBy(stream: Stream, view: PathView, { clocks }: World): number {
  const [origin] = view.streams;
  const timeNs = firstNs(view);
  clock.boundNs = 0;
  if (origin === stream) return timeNs;
  const rawNs = origin.rawLine.toRaw(timeNs);
  const isKnown = !origin.isOver && !stream.isOver && clocks.between(origin.node, stream.node, rawNs, clock);
  if (!isKnown) return nodeNs(stream, viewerMs(origin, timeNs));
  const thereNs = rawNs + clock.correctionNs;
  // By how much raw time is ahead changes so slowly that it is the same at both.
  return thereNs - (stream.rawLine.toRaw(thereNs) - thereNs);
}

/** Whether the stream was not there, or blind, when it should have seen the packet. */
function isUnwatched(view: PathView, stream: Stream | undefined, world: World): boolean {
  // Without a status its times are not known: of the past a node's hello comes long before what is held of it.
  if (!stream || stream.statuses === 0) return true;
  const { fromNs, toNs } = spanOf(stream, view, world);
  const isNew = stream.firstMs > viewerMs(view.streams[0], firstNs(view)) - BEFORE_MS;
  return isNew || stream.statusNs < toNs || isBlind(stream, fromNs, toNs);
}
