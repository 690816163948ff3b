/**
 * Frames of several nodes become paths. Pure: bytes and the time in, paths to a visitor, a summary out; the same code
 * runs in the terminal and in a browser's worker.
 *
 * The viewer's time (milliseconds, any origin, steady) is only used to tell what is old; it never enters a latency.
 */
import { createNameBook, type NameBook } from '../names/book.ts';
import { createAddressBook } from './addresses.ts';
import { createArrivals } from './arrivals.ts';
import { createWallClock, type WallClock } from './wall-clock.ts';
import { createClocks } from './clocks.ts';
import { newCounts, summarize, type Summary } from './counting.ts';
import { createDisorders } from './disorder.ts';
import { createGathered, MAX_RECORDS } from './gather.ts';
import { createIntake, takeFrame, type Intake } from './intake.ts';
import { createLateness } from './lateness.ts';
import { createWay } from './order.ts';
import { createPool, dropOldest, EntryState, firstLeg, type Pool } from './pool.ts';
import { sampleClocks } from './sampling.ts';
import { viewerMs, type Stream } from './streams.ts';
import { isCounted, isForgotten, settle, type AssemblerOptions, type PathVisitor, type State } from './settle.ts';
import { layTimes } from './timeline.ts';
import type { World } from './verdict.ts';
import { createView, type PathView } from './view.ts';

export type { AssemblerOptions, PathVisitor };

export const defaultOptions: AssemblerOptions = {
  joinWindowMs: 1000,
  verdictMs: 5000,
  maxLegs: 1 << 20,
  clockWindowMs: 60_000,
};

export interface Assembler {
  /** One whole frame that came at this time. Bad ones are counted and skipped. */
  push(bytes: Uint8Array, nowMs: number): void;
  /** Tells what is complete to the visitor. Call it a few times a second. */
  advance(nowMs: number): void;
  /** All known streams have told twice how they stand, so that totals and clocks have a beginning. */
  isReady(): boolean;
  /** Identities from here on count and are told; without it all are. */
  begin(nowMs: number): void;
  /** Identities from here on do not. */
  end(nowMs: number): void;
  /** Identities that count and have not been told yet. */
  pending(): number;
  /** Ends: tells what has had its time although its streams are silent. The rest does not count. */
  flush(nowMs: number): void;
  summary(): Summary;
  /** Of those that have a name. */
  addressesOf: NameBook['addressesOf'];
  /** When hops were passed, by the clock on a wall; for paths that are being told. */
  wall: WallClock;
  /** Streams, gateway's peers, garbage, for those who show them. */
  intake(): Readonly<Intake>;
}

/** A stream that says nothing for so long keeps nobody waiting. */
const SILENT_MS = 3000;

export function createAssembler(visit: PathVisitor, given: Partial<AssemblerOptions> = {}): Assembler {
  const options = { ...defaultOptions, ...given };
  const pool = createPool(options.maxLegs);
  const book = createAddressBook();
  const names = createNameBook();
  const clocks = createClocks({ windowMs: options.clockWindowMs });
  const intake = createIntake();
  const world: World = {
    pool,
    book,
    clocks,
    streamOf: (node) => intake.current[node],
    joinWindowMs: options.joinWindowMs,
  };
  const state: State = {
    options, world, pool, names, visit, gathered: createGathered(), way: createWay(MAX_RECORDS), view: createView(),
    counts: newCounts(), disorders: createDisorders(), beginMs: -Infinity, endMs: Infinity, latestMs: -Infinity,
    gaveUpMs: -Infinity,
  }; // prettier-ignore
  const lateness = createLateness();
  /** Up to when the clocks have been sampled. */
  let sampledMs = -Infinity;
  let sampled = 0;
  let checked = 0;
  let judged = 0;

  function giveUpOldest(): void {
    const oldest = pool.entryTail;
    settle(state, oldest, 'give up', layView);
    state.gaveUpMs = Math.max(state.gaveUpMs, pool.timeMs[oldest & pool.entryMask]);
    if (judged === oldest) judged = (judged + 1) >>> 0;
    if (checked === oldest) checked = (checked + 1) >>> 0;
    if (sampled === oldest) sampled = (sampled + 1) >>> 0;
    release(pool);
  }

  const layView = (view: PathView): void => layTimes(view, clocks);
  const isRipe = (entry: number, limitMs: number): boolean =>
    entry !== pool.entryHead && pool.timeMs[entry & pool.entryMask] <= limitMs;

  /** First all samples, then the paths: their clock is better known with what came after them. */
  function run(limitMs: number): void {
    if (limitMs - options.joinWindowMs > sampledMs) sampledMs = limitMs - options.joinWindowMs;
    for (; isRipe(sampled, limitMs - options.joinWindowMs); sampled = (sampled + 1) >>> 0) {
      sampleClocks(pool, sampled, clocks);
    }
    clocks.solve();
    for (; isRipe(checked, limitMs - options.joinWindowMs); checked = (checked + 1) >>> 0) {
      lateness.see(pool.timeMs[checked & pool.entryMask]);
      settle(state, checked, 'if complete', layView);
    }
    for (; judged !== checked && isRipe(judged, limitMs - options.verdictMs); judged = (judged + 1) >>> 0) {
      settle(state, judged, isForgotten(state, judged) ? 'give up' : 'now', layView);
    }
    // What is told stays a while: its records may cover a byte that is judged later.
    const keptMs = options.verdictMs + options.joinWindowMs + lateness.mostMs();
    while (pool.entryTail !== judged && isRipe(pool.entryTail, limitMs - keptMs)) release(pool);
  }

  const parts = {
    pool, book, names, clocks, arrivals: createArrivals(), joinWindowMs: options.joinWindowMs,
    verdictMs: options.verdictMs, makeRoom: giveUpOldest,
    isCounting: () => state.latestMs >= state.beginMs && state.latestMs < state.endMs,
  }; // prettier-ignore

  return {
    push(bytes, nowMs) {
      state.latestMs = nowMs;
      takeFrame(intake, parts, bytes, nowMs);
    },
    advance(nowMs) {
      state.latestMs = nowMs;
      run(Math.max(watermark(intake.current, nowMs), nowMs - SILENT_MS));
    },
    isReady: () => intake.streams.size > 0 && [...intake.streams.values()].every((stream) => stream.statuses >= 2),
    begin(nowMs) {
      state.beginMs = nowMs;
      state.counts = newCounts();
      state.disorders = createDisorders();
      intake.framesMissed = 0;
    },
    end(nowMs) {
      state.endMs = nowMs;
    },
    pending: () => countPending(state),
    flush(nowMs) {
      state.latestMs = nowMs;
      run(nowMs);
    },
    addressesOf: (chooses) => names.addressesOf(chooses),
    summary() {
      const streams = intake.current.filter((stream) => stream !== undefined);
      const toMs = Math.min(state.endMs, state.latestMs);
      const fromMs = Math.max(state.beginMs, Math.min(...streams.map((stream) => stream.firstMs)));
      // Later than the last sample a clock is only guessed, worse by the second.
      const clocksMs = Math.min(toMs, sampledMs);
      return summarize(state, streams, clocks, { fromMs, toMs, clocksMs }, intake.framesMissed);
    },
    wall: createWallClock(() => intake.current, clocks),
    intake: () => intake,
  };
}

/** Up to when every stream that still speaks has told all. */
function watermark(streams: (Stream | undefined)[], nowMs: number): number {
  let least = Infinity;
  for (const stream of streams) {
    if (stream && stream.latestMs > nowMs - SILENT_MS) least = Math.min(least, viewerMs(stream, stream.statusNs));
  }
  return least === Infinity ? -Infinity : least;
}

function release(pool: Pool): void {
  const next = (pool.entryTail + 1) >>> 0;
  dropOldest(pool, next === pool.entryHead ? pool.legHead : firstLeg(pool, next));
}

function countPending(state: State): number {
  let count = 0;
  const { pool } = state;
  for (let entry = pool.entryTail; entry !== pool.entryHead; entry = (entry + 1) >>> 0) {
    if (pool.state[entry & pool.entryMask] === EntryState.open && isCounted(state, entry)) count++;
  }
  return count;
}
