/** One path's segment against the same stretch of other paths: is it slow for all, or for this one only? Pure. */
import type { RowShape } from '../worker/rows.ts';

export interface Comparison {
  /** Other paths through it with enough packets to compare. */
  paths: number;
  /** p99 of this one by the median of theirs; NaN where there is none. */
  ratio: number;
  /** `thin`: this path or all others have too few packets. */
  verdict: 'only this' | 'all alike' | 'faster' | 'thin' | 'no other';
}

/** Fewer have no p99 to speak of. */
const LEAST_PACKETS = 20;
/** Less apart is alike. */
const APART = 1.5;

type Stretched = Pick<RowShape, 'hops' | 'segments' | 'isSuper' | 'isLost'>;

type End = RowShape['hops'][number];

const isSameHop = (a: End, b: End): boolean =>
  a.device === b.device && a.node === b.node && a.direction === b.direction;

/** The same work between the same devices, on packets of one class. */
const isSameStretch = (a: Stretched, at: number, b: Stretched, to: number): boolean =>
  a.segments[at].name === b.segments[to].name &&
  a.isSuper === b.isSuper &&
  isSameHop(a.hops[at], b.hops[to]) &&
  isSameHop(a.hops[at + 1], b.hops[to + 1]);

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;

/** A path with its figures. */
export interface Compared {
  shape: Stretched;
  /** That its times rest on. */
  packets: number;
  /** Of a segment. */
  p99Ns: (at: number) => number;
}

/** A segment of one path against the others, among which it may be itself. */
export function compareSegment(mine: Compared, at: number, all: Iterable<Compared>): Comparison {
  let others = 0;
  const p99Ns: number[] = [];
  for (const other of all) {
    const { shape } = other;
    if (shape === mine.shape || shape.isLost) continue;
    const segment = shape.segments.findIndex((_, each) => isSameStretch(mine.shape, at, shape, each));
    if (segment < 0) continue;
    others++;
    const value = other.p99Ns(segment);
    if (other.packets >= LEAST_PACKETS && !Number.isNaN(value)) p99Ns.push(value);
  }
  if (others === 0) return { paths: 0, ratio: NaN, verdict: 'no other' };
  const ratio = mine.p99Ns(at) / Math.max(1, median(p99Ns));
  if (mine.packets < LEAST_PACKETS || Number.isNaN(ratio)) return { paths: p99Ns.length, ratio: NaN, verdict: 'thin' };
  return {
    paths: p99Ns.length,
    ratio,
    verdict: ratio > APART ? 'only this' : ratio < 1 / APART ? 'faster' : 'all alike',
  };
}

export function sentenceOf({ paths, ratio, verdict }: Comparison): string {
  const others = paths === 1 ? 'the other path' : `the ${paths} other paths`;
  const times = `${Number(ratio.toPrecision(2))} ×`;
  switch (verdict) {
    case 'only this':
      return `Slower for this path than for ${others} through here: p99 ${times}. Look at what this path has of its own.`;
    case 'all alike':
      return `As with ${others} through here: p99 ${times}. What slows this path here slows all.`;
    case 'faster':
      return `Faster for this path than for ${others} through here: p99 ${times}.`;
    case 'thin':
      return `Fewer than ${LEAST_PACKETS} packets here or on the other paths: too few to compare.`;
    case 'no other':
      return 'No other path of such packets passes here in what is shown.';
  }
}
