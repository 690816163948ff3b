/**
 * Clock offsets between nodes, from the traffic itself; the decisions are in DESIGN.md.
 *
 * All times are of raw clocks (CLOCK_MONOTONIC_RAW), each since its own stream's epoch. A packet costs a few comparisons;
 * the network of constraints is solved a few times a second, and what is asked for is read from the lines so found.
 */
import {
  clearLimits, close, contradictedNode, createLimits, intervalOf, limit, type Limits,
} from './clock-network.ts'; // prettier-ignore
import {
  MAX_DRIFT, addPassage, begin, createPair, intervalAt, isSilent, learnSlopes, tidy, type Interval, type Pair,
} from './clock-pair.ts'; // prettier-ignore
import { isEmpty } from './clock-hull.ts';
import { createRealtime, tightened, type Claim, type ClockSource, type RealtimeReport } from './clock-realtime.ts';
import { alignMoments, createMoments } from './clock-moments.ts';
import { RELATIVE_SPAN_NS, createTrack, extendTrack, readTrack, type Estimate, type Track } from './clock-track.ts';

export interface ClockOptions {
  /** Samples older than this say nothing any more. */
  windowMs: number;
}

/** What to take from t_to - t_from to get the true time between, and by how much that can be wrong. */
export interface Correction {
  correctionNs: number;
  boundNs: number;
  /** Of differences: two figures up to RELATIVE_SPAN_NS apart differ by what they say within the sum of both. */
  relativeBoundNs: number;
}

/** One packet that left a node and came to another. */
export interface Sample {
  from: number;
  to: number;
  sentNs: number;
  receivedNs: number;
  /** By how much their difference can be wrong, for CLOCK_MONOTONIC was being slewed. */
  errorNs: number;
  /** Certainly one packet: TCP with timestamps, SYN. Others count only where there are none of these. */
  strong: boolean;
}

export interface Clocks {
  /** As a ratio. */
  maxDrift: number;
  sample(sample: Sample): void;
  /** Takes what was sampled into account. */
  solve(): void;
  /** A node says that its CLOCK_REALTIME is kept in step. */
  realtime(node: number, report: RealtimeReport): void;
  /**
   * The clocks of two nodes when `from` shows `fromNs`. False where unknown: without traffic both ways, or two clocks that are kept
   * in step, nothing is guessed. Fills `into`.
   */
  between(from: number, to: number, fromNs: number, into: Correction): boolean;
  source(from: number, to: number, fromNs: number): ClockSource | undefined;
  /** In which directions between the two too few packets are known to agree; of third nodes nothing is said. */
  lacking(from: number, to: number): Lacking;
  /** Forgets what was known of a node: it has a new stream. */
  reset(node: number): void;
  /** A node's clocks stood still while others went on (suspend), up to `ns` by its own. */
  breakAt(node: number, ns: number): void;
  /** Times that packets contradicted each other: something was wrong, and what was known went. */
  voided(): number;
}

export interface Lacking {
  there: boolean;
  back: boolean;
}

const SOLVE_NS = 250e6;

export function createClocks(options: ClockOptions): Clocks {
  const windowNs = options.windowMs * 1e6;
  const pairs: (Pair | undefined)[][] = [];
  const tracks: (Track | undefined)[][] = [];
  /** By pair: what its first node showed when traffic began to tell of it, or ceased to. */
  const changed: (number | undefined)[][] = [];
  /** By node: the latest time sampled, and the time before which nothing counts. */
  const latest: number[] = [];
  const validFrom: number[] = [];
  const interval: Interval = { low: 0, high: 0, fitLow: 0, fitHigh: 0, slope: 0, least: 0, most: 0 };
  const estimate: Estimate = { value: 0, bound: 0, relative: 0 };
  const realtime = createRealtime();
  const claim: Claim = { low: 0, high: 0 };
  let limits: Limits = createLimits(0);
  let moments = createMoments(0);
  let isDue = false;
  let voidedCount = 0;

  function know(node: number): void {
    while (latest.length <= node) {
      latest.push(-Infinity);
      validFrom.push(-Infinity);
      pairs.push([]);
      tracks.push([]);
      changed.push([]);
    }
  }

  function sample({ from, to, sentNs, receivedNs, errorNs, strong }: Sample): void {
    know(Math.max(from, to));
    latest[from] = Math.max(latest[from], sentNs);
    latest[to] = Math.max(latest[to], receivedNs);
    if (sentNs <= validFrom[from] || receivedNs <= validFrom[to]) return;
    const isForward = from < to;
    const [i, j] = isForward ? [from, to] : [to, from];
    const [ns, otherNs] = isForward ? [sentNs, receivedNs] : [receivedNs, sentNs];
    const pair = (pairs[i][j] ??= createPair(i, j));
    if (!addPassage(pair, { isForward, ns, differenceNs: otherNs - ns, errorNs, strong })) return;
    const track = tracks[i][j];
    isDue ||= !track || ns - track.lastNs >= SOLVE_NS;
  }

  const all = (): Pair[] => pairs.flatMap((of) => of.filter((pair) => pair !== undefined));
  const isHeard = (pair: Pair): boolean => !isSilent(pair);

  function solve(): void {
    if (!isDue) return;
    isDue = false;
    const known = all();
    known.forEach(begin);
    const live = known.filter(isHeard);
    const nodes = latest.length;
    if (limits.nodes !== nodes) [limits, moments] = [createLimits(nodes), createMoments(nodes)];
    // First roughly, for nobody knows yet which moments on all clocks are the same one.
    alignMoments(live, undefined, moments);
    for (const pair of live) tidy(pair, moments.ns[pair.i], windowNs);
    const heard = live.filter(isHeard);
    if (!constrain(heard)) return;
    alignMoments(heard, limits, moments);
    if (!constrain(heard)) return;
    const contradicted = contradictedNode(limits);
    if (contradicted !== -1) return voidNodes(connectedWith(contradicted));
    layTracks();
  }

  /** Fills the limits. False: a pair contradicted itself. */
  function constrain(live: Pair[]): boolean {
    clearLimits(limits);
    for (const pair of live) {
      const ns = moments.ns[pair.i];
      if (!intervalAt(pair, ns, interval)) {
        // Nobody knows which of the two clocks broke.
        voidNodes([pair.i, pair.j]);
        return false;
      }
      learnSlopes(pair, ns, interval);
      limit(limits, pair.i, pair.j, interval, (moments.doubtNs[pair.i] * MAX_DRIFT) / 1e9);
    }
    close(limits);
    return true;
  }

  function layTracks(): void {
    const { nodes } = limits;
    for (let i = 0; i < nodes; i++) {
      for (let j = i + 1; j < nodes; j++) {
        intervalOf(limits, i, j, interval);
        const track = keepTrack(i, j, interval.high !== Infinity && interval.low !== -Infinity);
        if (track) extendTrack(track, moments.ns[i], interval);
        if (!realtime.between(i, j, moments.ns[i], claim)) continue;
        if (claim.low > interval.high || claim.high < interval.low) realtime.contradict(i, j);
      }
    }
  }

  function keepTrack(i: number, j: number, isKnown: boolean): Track | undefined {
    if (isKnown === (tracks[i][j] !== undefined)) return tracks[i][j];
    changed[i][j] = latest[i];
    return (tracks[i][j] = isKnown ? createTrack() : undefined);
  }

  /** All nodes that any constraint leads to: round three or more nobody knows whose samples are wrong. */
  const connectedWith = (node: number): number[] =>
    latest.map((_, other) => other).filter((other) => moments.component[other] === moments.component[node]);

  function voidNodes(nodes: number[]): void {
    for (const node of nodes) forget(node, latest[node]);
    voidedCount++;
  }

  /** All that was known of it up to a time of its clock. */
  function forget(node: number, ns: number): void {
    know(node);
    validFrom[node] = Math.max(validFrom[node], ns);
    realtime.forget(node, ns);
    for (const table of [pairs, tracks, changed]) {
      table[node].length = 0;
      for (const of of table) if (node < of.length) of[node] = undefined;
    }
  }

  function between(from: number, to: number, fromNs: number, into: Correction): boolean {
    into.correctionNs = into.boundNs = into.relativeBoundNs = 0;
    if (from === to) return true;
    if (!byTraffic(from, to, fromNs, into) && !byRealtime(from, to, fromNs, into)) return false;
    return fromNs >= validFrom[from] && fromNs + into.correctionNs >= validFrom[to];
  }

  const changedNs = (from: number, to: number): number => changed[Math.min(from, to)][Math.max(from, to)] ?? -Infinity;

  const trackOf = (from: number, to: number): Track | undefined => tracks[Math.min(from, to)]?.[Math.max(from, to)];

  function byTraffic(from: number, to: number, fromNs: number, into: Correction): boolean {
    const track = trackOf(from, to);
    if (!track || !readFrom(track, from < to, fromNs)) return false;
    into.correctionNs = from < to ? estimate.value : -estimate.value;
    into.boundNs = estimate.bound;
    into.relativeBoundNs = estimate.relative;
    if (!realtime.between(from, to, fromNs, claim)) return true;
    into.boundNs = tightened(into.correctionNs, into.boundNs, claim);
    // What was shown within the last second may not have come from the traffic.
    const onFirst = from < to ? fromNs : fromNs + into.correctionNs;
    if (onFirst - changedNs(from, to) <= RELATIVE_SPAN_NS)
      into.relativeBoundNs = Math.max(into.relativeBoundNs, into.boundNs);
    return true;
  }

  /** Not within a second of what came from the traffic: how far the two are apart nobody has said. */
  function byRealtime(from: number, to: number, fromNs: number, into: Correction): boolean {
    if (!realtime.between(from, to, fromNs, claim)) return false;
    into.correctionNs = (claim.low + claim.high) / 2;
    into.boundNs = into.relativeBoundNs = (claim.high - claim.low) / 2;
    const track = trackOf(from, to);
    const endNs = track ? track.lastNs + windowNs : changedNs(from, to);
    const toNs = fromNs + into.correctionNs;
    const sinceNs = Math.min((from < to ? fromNs : toNs) - endNs, fromNs - validFrom[from], toNs - validFrom[to]);
    return sinceNs > RELATIVE_SPAN_NS;
  }

  function source(from: number, to: number, fromNs: number): ClockSource | undefined {
    if (realtime.isContradicted(from, to)) return 'realtime contradicted';
    const track = trackOf(from, to);
    const hasTraffic = track !== undefined && readFrom(track, from < to, fromNs);
    const hasRealtime = realtime.between(from, to, fromNs, claim);
    if (hasTraffic) return hasRealtime ? 'traffic and realtime' : 'traffic';
    return hasRealtime ? 'realtime' : undefined;
  }

  function lacking(from: number, to: number): Lacking {
    const pair = pairs[Math.min(from, to)]?.[Math.max(from, to)];
    const forward = !pair || isEmpty(pair.forward.hull);
    const reverse = !pair || isEmpty(pair.reverse.hull);
    return from < to ? { there: forward, back: reverse } : { there: reverse, back: forward };
  }

  /** Tracks go by the clock of the pair's first node: the other's time is put on it, twice, for the offset drifts. */
  function readFrom(track: Track, isForward: boolean, ns: number): boolean {
    if (isForward) return readTrack(track, ns, windowNs, estimate);
    let onFirst = ns - track.lastValue;
    if (!readTrack(track, onFirst, windowNs, estimate)) return false;
    onFirst = ns - estimate.value;
    return readTrack(track, onFirst, windowNs, estimate);
  }

  return {
    maxDrift: MAX_DRIFT / 1e9,
    sample,
    solve,
    between,
    source,
    lacking,
    realtime(node, report) {
      know(node);
      if (report.rawNs > validFrom[node]) realtime.add(node, report);
    },
    reset(node) {
      forget(node, -Infinity);
      realtime.reset(node);
      latest[node] = validFrom[node] = -Infinity;
    },
    breakAt: forget,
    voided: () => voidedCount,
  };
}
