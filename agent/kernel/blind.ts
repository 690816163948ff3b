/** Times in which a packet's absence proves nothing: collected between two status messages. */
import type { Blind } from '../wire/messages.ts';
import type { Lost } from './totals.ts';

/** Packets that are between hops when the exponent changes: what the first hop wrote the last one may not. */
const EXPONENT_MARGIN_NS = 20e6;

export interface BlindLog {
  add(blind: Blind): void;
  /** At some moment of that time. */
  exponentChanged(fromNs: number, toNs: number): void;
  /** Compares counters with those of the call before. */
  update(lost: Lost, nowNs: number): void;
  /** What came since the last call. */
  take(): Blind[];
}

export function createBlindLog(): BlindLog {
  let log: Blind[] = [];
  let before: Lost = { ringFull: 0, capped: 0 };
  let beforeNs = 0;

  function rose(reason: 'ring full' | 'capped', then: number, now: number, nowNs: number): void {
    if (now > then) log.push({ fromNs: beforeNs, toNs: nowNs, reason });
  }

  return {
    add: (blind) => void log.push(blind),
    exponentChanged: (fromNs, toNs) =>
      void log.push({ fromNs: fromNs - EXPONENT_MARGIN_NS, toNs: toNs + EXPONENT_MARGIN_NS, reason: 'exponent' }),
    // A device that went takes its counts along: then the sums fall, and nothing is known to be lost.
    update(lost, nowNs) {
      rose('ring full', before.ringFull, lost.ringFull, nowNs);
      rose('capped', before.capped, lost.capped, nowNs);
      before = lost;
      beforeNs = nowNs;
    },
    take() {
      const taken = log;
      log = [];
      return taken;
    },
  };
}
