/**
 * What nodes say of their own CLOCK_REALTIME: that somebody keeps it in step, and how wrong it can be at most. Two who both
 * say so limit what their raw clocks show more than each other; whether that is true only traffic can tell.
 */
import { MAX_DRIFT } from './clock-pair.ts';

/** CLOCK_REALTIME less the raw clock when this one showed `rawNs`, since a node's epochs; `epochNs` is CLOCK_REALTIME's. */
export interface RealtimeReport {
  epochNs: bigint;
  rawNs: number;
  offsetNs: number;
  maxErrorNs: number;
}

/** Limits of an offset. */
export interface Claim {
  low: number;
  high: number;
}

/** What an offset rests on: also the nodes' own CLOCK_REALTIME, or not any more, for traffic contradicted it. */
export type ClockSource = 'traffic' | 'realtime' | 'traffic and realtime' | 'realtime contradicted';

export interface Realtime {
  add(node: number, report: RealtimeReport): void;
  /** What `to` shows more than `from` when this one shows `fromNs`. False where not both say so, or traffic contradicted it. */
  between(from: number, to: number, fromNs: number, into: Claim): boolean;
  /** Nobody knows which of the two is wrong: what they say of each other does not count any more. */
  contradict(a: number, b: number): void;
  isContradicted(a: number, b: number): boolean;
  /** Forgets what a node said up to a time of its raw clock. */
  forget(node: number, ns: number): void;
  /** It has a new stream. */
  reset(node: number): void;
}

interface Known {
  rawNs: number;
  aheadNs: number;
  errorNs: number;
}

/** Reports come every second. One says nothing for times further away. */
const REACH_NS = 10e9;
const MAX_REPORTS = 64;
/** One crystal's share. */
const CRYSTAL = MAX_DRIFT / 2 / 1e9;

export function createRealtime(): Realtime {
  const reports = new Map<number, Known[]>();
  const contradicted = new Set<string>();
  /** Of the first report: so that differences stay small numbers. */
  let baseNs: bigint | undefined;

  const keyOf = (a: number, b: number): string => `${Math.min(a, b)} ${Math.max(a, b)}`;
  const isContradicted = (a: number, b: number): boolean => contradicted.size > 0 && contradicted.has(keyOf(a, b));

  function add(node: number, { epochNs, rawNs, offsetNs, maxErrorNs }: RealtimeReport): void {
    const all = reports.get(node) ?? [];
    if (rawNs <= (all.at(-1)?.rawNs ?? -Infinity)) return;
    baseNs ??= epochNs;
    all.push({ rawNs, aheadNs: Number(epochNs - baseNs) + offsetNs, errorNs: maxErrorNs });
    if (all.length > MAX_REPORTS) all.shift();
    reports.set(node, all);
  }

  function between(from: number, to: number, fromNs: number, into: Claim): boolean {
    const first = at(reports.get(from), fromNs);
    const latest = reports.get(to)?.at(-1);
    if (!first || !latest || isContradicted(from, to)) return false;
    const toNs = fromNs + first.aheadNs - latest.aheadNs;
    const second = at(reports.get(to), toNs);
    if (!second) return false;
    const errors = errorAt(first, fromNs) + errorAt(second, toNs);
    // Where on the other's clock that moment lies is known within the errors too.
    const error = errors + errors * 2 * CRYSTAL;
    into.low = first.aheadNs - second.aheadNs - error;
    into.high = first.aheadNs - second.aheadNs + error;
    return true;
  }

  return {
    add,
    between,
    isContradicted,
    contradict: (a, b) => void contradicted.add(keyOf(a, b)),
    forget(node, ns) {
      const left = reports.get(node)?.filter(({ rawNs }) => rawNs > ns) ?? [];
      reports.set(node, left);
    },
    reset(node) {
      reports.delete(node);
      for (const key of contradicted) if (key.split(' ').includes(String(node))) contradicted.delete(key);
    },
  };
}

/** A bound with what a claim cuts off. The estimate stays where it is: its changes are as sharp as before. */
export function tightened(valueNs: number, boundNs: number, { low, high }: Claim): number {
  const least = Math.max(low, valueNs - boundNs);
  const most = Math.min(high, valueNs + boundNs);
  if (least > most) return boundNs;
  // The last bits of sums must not widen it.
  return Math.min(boundNs, Math.max(most - valueNs, valueNs - least));
}

/** The last report before a time, or the first. */
function at(all: Known[] | undefined, ns: number): Known | undefined {
  const found = all?.findLast(({ rawNs }) => rawNs <= ns) ?? all?.[0];
  return found && Math.abs(ns - found.rawNs) <= REACH_NS ? found : undefined;
}

const errorAt = ({ rawNs, errorNs }: Known, ns: number): number => errorNs + Math.abs(ns - rawNs) * CRYSTAL;
