/**
 * The node's clocks. BPF stamps CLOCK_MONOTONIC, which NTP slews; CLOCK_MONOTONIC_RAW is not, so readers fit on that. Pairs
 * of the two, read at the same moment, let them map one to the other.
 */
import { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, readClock } from './memory.ts';

export interface NodeClock {
  epochNs: bigint;
  rawEpochNs: bigint;
  /** CLOCK_MONOTONIC since the epoch. */
  nowNs(): number;
  /** [CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW], since their epochs, of one moment. */
  pair(): [number, number];
}

/** Reading twice tells how far apart the two readings can be; the best of a few is within some 100 ns. */
const TRIES = 5;

export function createNodeClock(): NodeClock {
  const epochNs = readClock(CLOCK_MONOTONIC);
  const rawEpochNs = readClock(CLOCK_MONOTONIC_RAW);
  const epochSeconds = Number(epochNs / 1_000_000_000n);
  const epochRest = Number(epochNs % 1_000_000_000n);
  return {
    epochNs,
    rawEpochNs,
    nowNs() {
      // CLOCK_MONOTONIC too, and without the garbage of BigInt.
      const [seconds, rest] = process.hrtime();
      return (seconds - epochSeconds) * 1e9 + (rest - epochRest);
    },
    pair() {
      let best: [number, number] = [0, 0];
      let bestGap = Infinity;
      for (let i = 0; i < TRIES; i++) {
        const before = readClock(CLOCK_MONOTONIC);
        const raw = readClock(CLOCK_MONOTONIC_RAW);
        const gap = Number(readClock(CLOCK_MONOTONIC) - before);
        if (gap >= bestGap) continue;
        bestGap = gap;
        best = [Number(before - epochNs) + Math.floor(gap / 2), Number(raw - rawEpochNs)];
      }
      return best;
    },
  };
}
