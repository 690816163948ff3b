/** Times in which a packet's absence proves nothing: collected between two status messages. */
import type { Blind, HopTotals } from '../wire/messages.ts';

/** Packets that are between hops when the exponent changes: what the first hop wrote the last one may not. */
const EXPONENT_MARGIN_NS = 20e6;

export interface BlindLog {
  add(blind: Blind): void;
  exponentChanged(nowNs: number): void;
  /** Compares counters with those of the call before. */
  update(totals: HopTotals[], nowNs: number): void;
  /** What came since the last call. */
  take(): Blind[];
}

export function createBlindLog(): BlindLog {
  let log: Blind[] = [];
  let ringFull = 0;
  let capped = 0;
  let beforeNs = 0;

  function rose(reason: 'ring full' | 'capped', before: number, now: number, nowNs: number): void {
    if (now > before) log.push({ fromNs: beforeNs, toNs: nowNs, reason });
  }

  return {
    add: (blind) => void log.push(blind),
    exponentChanged: (nowNs) =>
      void log.push({ fromNs: nowNs - EXPONENT_MARGIN_NS, toNs: nowNs + EXPONENT_MARGIN_NS, reason: 'exponent' }),
    update(totals, nowNs) {
      // A device that went took its counts along: then the sum falls, and nothing is known to be lost.
      const full = totals.reduce((sum, hop) => sum + hop.ringFull, 0);
      const cap = totals.reduce((sum, hop) => sum + hop.capped, 0);
      rose('ring full', ringFull, full, nowNs);
      rose('capped', capped, cap, nowNs);
      ringFull = full;
      capped = cap;
      beforeNs = nowNs;
    },
    take() {
      const taken = log;
      log = [];
      return taken;
    },
  };
}
