/** Packets that were slow: slower than a time, or than nearly all before them that went the same way between the same ends. */
import { bucketOf, createHistogram, observe, quantile, type Histogram } from '../histogram/histogram.ts';
import type { PathView } from '../paths/view.ts';
import { formatCount, formatNs } from './numbers.ts';
import { shapeKey } from './shape-key.ts';

/** A time in nanoseconds, or what 99 % of their own do not exceed. */
export type SlowLimit = number | 'p99';

export interface Slow {
  /** What did not arrive, or took nobody knows how long, is not slow. To be asked once of every packet. */
  isSlow(view: PathView): boolean;
  /** What a slow packet does. */
  readonly words: string;
  /** `12 of 1,234 packets took longer than 5 ms`. */
  text(): string;
}

/** Of fewer one in a hundred is none. */
export const LEAST_BEFORE = 200;
/** Of ways between ends, as the table has groups; packets of others are never slow. */
const MAX_WAYS = 4096;

export function createSlow(limit: SlowLimit): Slow {
  const isOverOwn = createOwnLimits();
  const isOver = (view: PathView): boolean =>
    limit === 'p99' ? isOverOwn(shapeKey(view), view.totalNs) : view.totalNs > limit;
  const words = `took longer than ${limit === 'p99' ? '99 % of those before on its own way' : formatNs(limit)}`;
  let slow = 0;
  let all = 0;
  return {
    isSlow(view) {
      if (!view.hasEntry || !view.hasLast || view.ambiguous || Number.isNaN(view.totalNs)) return false;
      all++;
      const isSlow = isOver(view);
      if (isSlow) slow++;
      return isSlow;
    },
    words,
    text: () => `${formatCount(slow)} of ${formatCount(all)} packets ${words}`,
  };
}

/** Whether a time exceeds what 99 % of those before it under this key did not. Within one bucket nobody is slower. */
export function createOwnLimits(): (key: string, timeNs: number) => boolean {
  const known = new Map<string, Histogram>();
  return (key, timeNs) => {
    let before = known.get(key);
    if (!before && known.size < MAX_WAYS) known.set(key, (before = createHistogram()));
    if (!before) return false;
    const isOver = before.count >= LEAST_BEFORE && bucketOf(timeNs) > bucketOf(quantile(before, 0.99));
    observe(before, timeNs);
    return isOver;
  };
}
