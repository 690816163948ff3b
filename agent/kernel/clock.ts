/**
 * The node's clocks. BPF stamps CLOCK_MONOTONIC, which NTP slews; CLOCK_MONOTONIC_RAW is not, so readers fit on that. Pairs
 * of the two, read at the same moment, let them map one to the other. A test clock is put in here (test-clock.ts).
 */
import type { ClockPair, Realtime, Suspension } from '../wire/messages.ts';
import { createShift, type TestClock } from './test-clock.ts';
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_RAW,
  CLOCK_REALTIME,
  readClock,
  readTimex,
} from './memory.ts';
import { realtimeErrorNs } from './realtime.ts';

export interface NodeClock {
  epochNs: bigint;
  rawEpochNs: bigint;
  realtimeEpochNs: bigint;
  /** Of a test clock: what it shows of CLOCK_MONOTONIC, from what the kernel shows, both since the epoch. */
  shift: ((ns: number) => number) | undefined;
  /** CLOCK_MONOTONIC at the epoch as the kernel has it. */
  kernelEpochNs: bigint;
  /** CLOCK_MONOTONIC since the epoch. */
  nowNs(): number;
  /** Both of one moment, since their epochs. */
  pair(): ClockPair;
  /** CLOCK_REALTIME where somebody keeps it in step, as the kernel says if nobody else does; a test clock does not touch it. */
  realtime(errorNs?: number): Realtime | undefined;
  /** Whether the node was suspended since the last call: both clocks stood still while CLOCK_BOOTTIME went on. */
  suspension(): Suspension | undefined;
}

/** Reading twice tells how far apart the two readings can be; the best of a few is within some 100 ns. */
const TRIES = 5;
/** Nobody sleeps for less, and two readings one after the other are not so far apart five times in a row. */
const SUSPENDED_NS = 1e6;

export function createNodeClock(test?: TestClock): NodeClock {
  const shift = test && createShift(test);
  const offsetNs = BigInt(test?.offsetNs ?? 0);
  const epochNs = readClock(CLOCK_MONOTONIC);
  const rawEpochNs = readClock(CLOCK_MONOTONIC_RAW);
  const realtimeEpochNs = readClock(CLOCK_REALTIME);
  const epochSeconds = Number(epochNs / 1_000_000_000n);
  const epochRest = Number(epochNs % 1_000_000_000n);
  let sleptNs = readSlept();

  function nowNs(): number {
    return shift ? shift.monotonic(kernelNowNs()) : kernelNowNs();
  }

  function kernelNowNs(): number {
    // CLOCK_MONOTONIC too, and without the garbage of BigInt.
    const [seconds, rest] = process.hrtime();
    return (seconds - epochSeconds) * 1e9 + (rest - epochRest);
  }

  return {
    kernelEpochNs: epochNs,
    epochNs: epochNs + offsetNs,
    rawEpochNs: rawEpochNs + offsetNs,
    realtimeEpochNs,
    shift: shift?.monotonic,
    nowNs,
    pair() {
      const [monotonicNs, rawNs, withinNs] = readTogether(CLOCK_MONOTONIC, epochNs, CLOCK_MONOTONIC_RAW, rawEpochNs);
      return shift ? [shift.monotonic(monotonicNs), shift.raw(rawNs), withinNs] : [monotonicNs, rawNs, withinNs];
    },
    realtime(errorNs = realtimeErrorNs(readTimex())) {
      if (errorNs === undefined) return undefined;
      const [kernelRawNs, realtimeNs, withinNs] = readTogether(
        CLOCK_MONOTONIC_RAW,
        rawEpochNs,
        CLOCK_REALTIME,
        realtimeEpochNs,
      );
      const rawNs = shift ? shift.raw(kernelRawNs) : kernelRawNs;
      return { rawNs, offsetNs: realtimeNs - rawNs, maxErrorNs: errorNs + withinNs };
    },
    suspension() {
      const ns = readSlept() - sleptNs;
      if (ns < SUSPENDED_NS) return undefined;
      sleptNs += ns;
      return { timeNs: nowNs(), ns };
    },
  };
}

/** Two clocks at one moment, since their epochs, and how far apart the readings may be. */
function readTogether(clock: number, epochNs: bigint, other: number, otherEpochNs: bigint): Required<ClockPair> {
  let best: Required<ClockPair> = [0, 0, 0];
  let bestGap = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const before = readClock(clock);
    const between = readClock(other);
    const gap = Number(readClock(clock) - before);
    if (gap >= bestGap) continue;
    bestGap = gap;
    best = [Number(before - epochNs) + Math.floor(gap / 2), Number(between - otherEpochNs), Math.ceil(gap / 2)];
  }
  return best;
}

/** What the machine slept since it was started. The least of a few readings, for each may be interrupted between the two clocks. */
function readSlept(): number {
  let least = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const monotonic = readClock(CLOCK_MONOTONIC);
    least = Math.min(least, Number(readClock(CLOCK_BOOTTIME) - monotonic));
  }
  return least;
}
