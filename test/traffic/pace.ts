import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `act` `rate` times a second until the signal aborts. Timers are coarse, so what is due is done in one go and
 * the rate holds on average; after a pause of more than 100 ms what was missed is left out instead of caught up.
 */
export async function pace(rate: number, signal: AbortSignal, act: () => void): Promise<void> {
  let next = performance.now();
  while (!signal.aborted) {
    const now = performance.now();
    if (now - next > 100) next = now;
    for (; next <= now && !signal.aborted; next += 1000 / rate) act();
    await sleep(Math.max(1, next - performance.now()), undefined, { signal }).catch(() => undefined);
  }
}
