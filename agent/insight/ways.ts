/**
 * Which way a wire is slow. In the first minute clocks tell it; then they give each way a share of what one takes longer
 * (agent/paths/clocks.ts), and nobody could tell any more which one it was. So what was seen first is remembered.
 */
import { measureTimes } from './times.ts';
import type { Figures } from './figures.ts';

export interface Ways {
  /** Once a second. */
  note(figures: Figures, second: number): void;
  /** It began the other way alone, and clocks have had the time to share that out. */
  isShared(from: string, to: string): boolean;
}

/** Clocks rest on the last minute: in half of it they do not move. */
const SURE_SECONDS = 30;
const FORGOTTEN_SECONDS = 10;

interface Known {
  sinceSecond: number;
  seenSecond: number;
  /** Seconds in which each way was slow, while that was sure. */
  counts: Map<string, number>;
}

export const wayKey = (from: string, to: string): string => `${from} ▸ ${to}`;
const linkKey = (from: string, to: string): string => [from, to].sort().join(' ');

export function createWays(): Ways {
  const links = new Map<string, Known>();

  function noteWay({ from, to }: Way, second: number): void {
    const link = linkKey(from, to);
    const known = links.get(link) ?? { sinceSecond: second, seenSecond: second, counts: new Map<string, number>() };
    links.set(link, known);
    known.seenSecond = second;
    const way = wayKey(from, to);
    if (second - known.sinceSecond < SURE_SECONDS) known.counts.set(way, (known.counts.get(way) ?? 0) + 1);
  }

  return {
    note(figures, second) {
      for (const way of slowWays(figures)) noteWay(way, second);
      for (const [link, { seenSecond }] of links) if (second - seenSecond > FORGOTTEN_SECONDS) links.delete(link);
    },
    isShared(from, to) {
      const known = links.get(linkKey(from, to));
      if (!known || known.seenSecond - known.sinceSecond < SURE_SECONDS) return false;
      return (known.counts.get(wayKey(from, to)) ?? 0) < Math.max(...known.counts.values()) / 2;
    },
  };
}

interface Way {
  from: string;
  to: string;
}

/** From which node to which most lanes are slow on the wire: one alone may be so by chance. */
function slowWays(figures: Figures): Way[] {
  const ways = new Map<string, Way & { slow: number; all: number }>();
  for (const { stretch, isAffected } of measureTimes(figures)) {
    if (stretch.name !== 'wire') continue;
    const [from, to] = [stretch.from.node, stretch.to!.node];
    const key = wayKey(from, to);
    const way = ways.get(key) ?? { from, to, slow: 0, all: 0 };
    ways.set(key, way);
    way.all++;
    if (isAffected) way.slow++;
  }
  return [...ways.values()].filter(({ slow, all }) => 2 * slow > all);
}
