/**
 * How much later one node's records come than another's. Who writes first waits for the last one's: what is told and
 * judged goes by the order of arrival, and what may still cover a byte of a later record is kept so much longer.
 */
export interface Lateness {
  /** Records in their order of arrival, by the viewer's time at which they were written. */
  see(timeMs: number): void;
  /** The most in the last half to whole minute. */
  mostMs(): number;
}

const TURN_MS = 30_000;

export function createLateness(): Lateness {
  let newestMs = -Infinity;
  let turnMs = -Infinity;
  let mostMs = 0;
  let beforeMs = 0;

  return {
    see(timeMs) {
      newestMs = Math.max(newestMs, timeMs);
      if (newestMs > turnMs) {
        turnMs = newestMs + TURN_MS;
        beforeMs = mostMs;
        mostMs = 0;
      }
      mostMs = Math.max(mostMs, newestMs - timeMs);
    },
    mostMs: () => Math.max(mostMs, beforeMs),
  };
}
