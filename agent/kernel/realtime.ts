/**
 * Whether somebody keeps CLOCK_REALTIME in step (chrony, NTP, PTP, a hypervisor), and how far off the kernel says it can be.
 * Only what the kernel says is believed: a daemon that runs is none that has reached its servers.
 */
import type { Timex } from './memory.ts';

/** Of adjtimex(2): a leap second is being inserted, so that the clock stands; and nobody keeps it. */
const TIME_OOP = 3;
const TIME_ERROR = 5;
/**
 * What the kernel adds to the error each second (500 ppm), at the second's end: within it the claim is short by up to so
 * much. phc2sys sets the error to 0 each time, which is no promise but for this.
 */
const AGEING_NS = 500_000;

/** The most that CLOCK_REALTIME can be wrong; undefined where nobody keeps it. */
export function realtimeErrorNs({ state, maxErrorUs }: Pick<Timex, 'state' | 'maxErrorUs'>): number | undefined {
  if (state < 0 || state === TIME_OOP || state >= TIME_ERROR) return undefined;
  return maxErrorUs * 1000 + AGEING_NS;
}
