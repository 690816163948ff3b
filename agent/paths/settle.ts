/** What is told of an identity once it is complete, or once it is no use to wait. */
import type { NameBook } from '../names/book.ts';
import type { Name } from '../names/name.ts';
import { findCause } from './cause.ts';
import type { Counts } from './counting.ts';
import { findDrop, isHarmless, isHearsay } from './drops.ts';
import { gather, type Gathered } from './gather.ts';
import { noteDisorder, type Disorders } from './disorder.ts';
import { divide } from './instances.ts';
import { findWay, type Way } from './order.ts';
import { EntryState, type Pool } from './pool.ts';
import { isProbe } from './probe.ts';
import { viewerMs } from './streams.ts';
import {
  isSentTwice, isWrittenEverywhere, judge, judgeStart, learnArrival, reached, type Judgement, type World,
} from './verdict.ts'; // prettier-ignore
import { flowAt, lastOf, MAX_HOPS, type PathView } from './view.ts';

export interface AssemblerOptions {
  /** Records further apart are not of one packet. */
  joinWindowMs: number;
  /** What is not complete by then is judged. */
  verdictMs: number;
  /** Legs held at most, in memory that grows as needed; beyond, the oldest are given up and counted as lost by us. */
  maxLegs: number;
  clockWindowMs: number;
}

/** Reads a path; the view is filled anew for the next. */
export type PathVisitor = (view: PathView) => void;

/** What an assembler is made of, as far as telling goes. */
export interface State {
  options: AssemblerOptions;
  world: World;
  pool: Pool;
  names: NameBook;
  gathered: Gathered;
  way: Way;
  view: PathView;
  counts: Counts;
  disorders: Disorders;
  visit: PathVisitor;
  beginMs: number;
  endMs: number;
  latestMs: number;
  /** Latest time of what had to go before it was due. */
  gaveUpMs: number;
}

export const isCounted = (state: State, entry: number): boolean => {
  const timeMs = state.pool.timeMs[entry & state.pool.entryMask];
  return timeMs >= state.beginMs && timeMs < state.endMs;
};

/** Records that could speak for this identity were given up: its absence proves nothing. */
export const isForgotten = (state: State, entry: number): boolean =>
  state.pool.timeMs[entry & state.pool.entryMask] - state.options.joinWindowMs <= state.gaveUpMs;

export type When = 'if complete' | 'now' | 'give up';

/** Tells an entry's paths, unless it is worth waiting for more. */
export function settle(state: State, entry: number, when: When, layView: (view: PathView) => void): void {
  const { pool, gathered } = state;
  const slot = entry & pool.entryMask;
  if (pool.state[slot] === EntryState.done) return;
  if (!isCounted(state, entry)) {
    if (when !== 'if complete') pool.state[slot] = EntryState.done;
    return;
  }
  gather(pool, entry, gathered);
  if (isHearsay(gathered) || isProbe(gathered, state.world)) {
    pool.state[slot] = EntryState.done;
    return;
  }
  const instances = divide(gathered, state.world.book);
  if (when === 'if complete' && instances > 0 && !isComplete(state, entry, instances)) return;
  pool.state[slot] = EntryState.done;
  if (instances === 0) keepFirstOfEachHop(gathered);
  const outcome: Outcome = {
    joined: 0,
    ambiguous: instances === 0,
    joinable: instances > 0,
    byUs: when === 'give up',
    dropped: 0,
    vanished: 0,
    byFilter: false,
  };
  const usedDrops = new Set<number>();
  // The one packet of nearly all identities has just been looked at.
  const isFilled = when === 'if complete' && instances === 1;
  for (let instance = 0; instance < Math.max(1, instances); instance++) {
    if (!isFilled) fillView(state, entry, instance);
    state.view.ambiguous ||= instances === 0 || isSentTwice(state.view, pool);
    const judgement = judgeView(state, when, usedDrops);
    state.view.verdict = judgement.verdict;
    state.view.xdp = judgement.xdp;
    if (judgement.verdict === 'delivered') learnArrival(state.view);
    if (judgement.verdict === 'dropped') outcome.dropped++;
    if (judgement.verdict === 'vanished' && !state.view.ambiguous) outcome.vanished++;
    if (state.view.hasEntry && state.view.hasLast) outcome.joined++;
    outcome.ambiguous ||= state.view.ambiguous;
    outcome.joinable &&= judgement.joinable;
    outcome.byUs ||= judgement.byUs;
    outcome.byFilter ||= isByFilter(state.view);
    layView(state.view);
    nameEnds(state.view, state.names);
    noteDisorder(state.disorders, state.view, gathered);
    state.visit(state.view);
  }
  count(state.counts, outcome, Math.max(1, instances));
}

/** Who sent it and who got it, and the Service by which one of them knows the other. */
function nameEnds(view: PathView, names: NameBook): void {
  const find = (hop: number, end: 'source' | 'destination'): Name | undefined => {
    const frame = view.frames[hop];
    const flow = flowAt(view, hop);
    const port = end === 'source' ? frame.sourcePort[flow] : frame.destinationPort[flow];
    return names.find(frame[end], 4 * flow, port, view.protocol);
  };
  const serviceOnly = (name: Name | undefined): Name | undefined => (name?.kind === 'service' ? name : undefined);
  view.ends.source = find(0, 'source');
  view.ends.destination = find(lastOf(view), 'destination');
  view.ends.addressed = serviceOnly(find(0, 'destination'));
  view.ends.answering = serviceOnly(find(lastOf(view), 'source'));
}

interface Outcome {
  joined: number;
  ambiguous: boolean;
  joinable: boolean;
  byUs: boolean;
  dropped: number;
  vanished: number;
  byFilter: boolean;
}

function count(counts: Counts, outcome: Outcome, instances: number): void {
  counts.sampled++;
  counts.dropped += outcome.dropped;
  counts.vanished += outcome.vanished;
  if (outcome.ambiguous) {
    counts.ambiguous++;
    return;
  }
  const isJoined = outcome.joined === instances;
  if (isJoined) counts.joined++;
  else if (outcome.vanished + outcome.dropped === 0 && outcome.byFilter) counts.partlyFiltered++;
  else if (outcome.byUs) counts.lostByUs++;
  else if (outcome.vanished + outcome.dropped === 0) counts.undecided++;
  if (outcome.joinable) counts.joinable++;
  if (outcome.joinable && isJoined) counts.joinableJoined++;
}

/** Whether the first hop wrote it for a filter's sake alone: others need not have, where the filter did not match. */
function isByFilter({ frames, rows }: PathView): boolean {
  const [frame, row] = [frames[0], rows[0]];
  return (frame.filter?.[row] ?? 0) > 0 && frame.level[row] < frame.exponent[row];
}

function isComplete(state: State, entry: number, instances: number): boolean {
  const usedDrops = new Set<number>();
  for (let instance = 0; instance < instances; instance++) {
    fillView(state, entry, instance);
    const { view } = state;
    if (view.hasEntry && view.hasLast) continue;
    const drop = findDrop(state.gathered, view, usedDrops);
    if (!drop || isHarmless(drop)) return false;
  }
  return true;
}

/** Of an ambiguous identity one path is told, of each hop's first record. */
function keepFirstOfEachHop({ count: records, order, hops, nodes, instances }: Gathered): void {
  for (let at = 0; at < records; at++) {
    const i = order[at];
    instances[i] = 0;
    for (let before = 0; before < at; before++) {
      const j = order[before];
      if (hops[i] === hops[j] && nodes[i] === nodes[j]) instances[i] = -1;
    }
  }
}

/** A drop without a reason that ends packets only says where one was lost that we know to be lost. */
function judgeView(state: State, when: When, usedDrops: Set<number>): Judgement {
  const { view } = state;
  const drop = view.ambiguous ? undefined : findDrop(state.gathered, view, usedDrops);
  const judgement = drop && !isHarmless(drop) ? DROPPED : judgeHops(state, when);
  const isDropped = judgement === DROPPED || (drop !== undefined && judgement.verdict === 'vanished');
  view.drop = isDropped ? drop : undefined;
  return isDropped ? DROPPED : judgement;
}

const DROPPED: Judgement = { verdict: 'dropped', byUs: false, joinable: false };

function judgeHops({ view, way, world }: State, when: When): Judgement {
  if (view.hopCount === 0) return { verdict: 'unseen', byUs: false, joinable: false };
  const verdict = view.hasLast ? (reached(view, world.book) ?? 'unseen') : 'unseen';
  if (view.hasEntry && view.hasLast) return { verdict, byUs: false, joinable: isWrittenEverywhere(view, [], world) };
  if (when === 'give up') return { verdict, byUs: true, joinable: true };
  return view.hasLast ? { ...judgeStart(view, world), verdict } : judge(view, way.flooded, world);
}

function fillView(state: State, entry: number, instance: number): void {
  const { view, way, gathered, pool, world } = state;
  const { nodes, timesNs, frames, rows, devices } = gathered;
  // The viewer's time is right within milliseconds: enough to tell which of two far nodes came first, if that is more.
  const atMs = (i: number): number => viewerMs(frames[i].stream, timesNs[i]);
  findWay(gathered, instance, world.book, (a, b) => nodes[a] !== nodes[b] && atMs(a) + 50 < atMs(b), way);
  view.identityLow = pool.identityLow[entry & pool.entryMask]!;
  view.identityHigh = pool.identityHigh[entry & pool.entryMask]!;
  view.hopCount = Math.min(way.count, MAX_HOPS);
  view.hasEntry = way.hasEntry;
  view.ambiguous = way.ambiguous;
  view.tunnel = view.tunnelBytes = view.innerBytes = view.wirePackets = 0;
  for (let hop = 0; hop < view.hopCount; hop++) {
    const i = way.indices[hop];
    view.frames[hop] = frames[i]!;
    view.rows[hop] = rows[i]!;
    view.streams[hop] = frames[i].stream;
    view.devices[hop] = devices[i];
    addBytes(view, hop);
  }
  view.hasLast = view.hopCount > 0 && !way.flooded && reached(view, world.book) !== undefined;
  if (view.hopCount === 0) placeDrop(state);
  view.kind = view.frames[0].kind[view.rows[0]]!;
  view.protocol = view.frames[0].protocol[view.frames[0].flow[view.rows[0]]]!;
  view.cause = findCause(view, pool, pool.timeMs[entry & pool.entryMask], world.joinWindowMs);
}

/** Dropped before its first hop, by whoever sent it: the drop's record says which packet it was. */
function placeDrop({ view, gathered, world }: State): void {
  const frame = gathered.dropFrames[0];
  const row = gathered.dropRows[0];
  view.frames[0] = frame;
  view.rows[0] = row;
  view.streams[0] = frame.stream;
  view.devices[0] = frame.stream.devices.get(frame.ifindex[row]);
  view.hasEntry = world.book.find(frame.source, 4 * frame.flow[row])?.node === frame.stream.node;
}

/** What the tunnel adds is read where it is on: the uplink's own record. */
function addBytes(view: PathView, hop: number): void {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  const wirePackets = frame.wirePackets[row];
  view.wirePackets = Math.max(view.wirePackets, wirePackets);
  if (frame.encapsulation[row] === 0 || view.tunnelBytes > 0) return;
  view.tunnel = frame.tunnel[row]!;
  view.tunnelBytes = frame.encapsulation[row]!;
  // Every wire packet but the first repeats all headers, which the skb has once.
  const wireBytes = frame.bytes[row] + (Math.max(1, wirePackets) - 1) * frame.headers[row];
  view.innerBytes = wireBytes / Math.max(1, wirePackets) - view.tunnelBytes;
}
