/** What the kernels counted of their drops, by node and reason: exact, and of all packets, followed or not. */
import type { Stream } from '../../../agent/paths/streams.ts';
import { createBySecond } from './by-second.ts';

export interface KernelDrops {
  note(second: number, streams: readonly (Stream | undefined)[]): void;
  /** What was counted between the ends of two seconds. */
  within(from: number, to: number): DropCount;
}

/** NaN where that node does not tell. */
export type DropCount = (node: string, reason: string) => number;

type ByReason = ReadonlyMap<string, number>;

/** Of one node, cumulated over starts of its agent. */
interface Totals {
  reasons: Map<string, number>;
  /** Of the stream as it told them last. */
  stream: number;
  last: Record<string, number>;
}

export function createKernelDrops(keptSeconds: number): KernelDrops {
  const nodes = new Map<string, Totals>();
  const seconds = createBySecond<ReadonlyMap<string, ByReason>>(keptSeconds);

  /** What rose since it was told last; a new stream counts from its own start on. */
  function add({ id, name, drops }: Stream): void {
    if (!drops) return;
    const known = nodes.get(name);
    const totals = known ?? { reasons: new Map<string, number>(), stream: id, last: drops.reasons };
    if (totals.stream !== id) Object.assign(totals, { stream: id, last: {} });
    // Copied only when it changes: most seconds share one map.
    for (const [reason, count] of Object.entries(drops.reasons)) {
      const rise = count - (totals.last[reason] ?? 0);
      if (rise > 0 || !totals.reasons.has(reason))
        totals.reasons = new Map(totals.reasons).set(reason, (totals.reasons.get(reason) ?? 0) + rise);
    }
    totals.last = drops.reasons;
    nodes.set(name, totals);
  }

  return {
    note(second, streams) {
      for (const stream of streams) if (stream) add(stream);
      seconds.note(second, new Map([...nodes].map(([node, { reasons }]) => [node, reasons])));
    },
    within(from, to) {
      const [before, after] = [from, to].map((second) => seconds.at(second) ?? seconds.first());
      return (node, reason) => {
        const counts = after?.get(node);
        return counts ? (counts.get(reason) ?? 0) - (before?.get(node)?.get(reason) ?? 0) : NaN;
      };
    },
  };
}
