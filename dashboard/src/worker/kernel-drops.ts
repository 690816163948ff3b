/** What the kernels counted of their drops, by node and reason: exact, and of all packets, followed or not. */
import type { Stream } from '../../../agent/paths/streams.ts';

export interface KernelDrops {
  note(second: number, streams: readonly (Stream | undefined)[]): void;
  /** Counted between the ends of two seconds; NaN where that node does not tell. */
  between(node: string, reason: string, from: number, to: number): number;
}

/** Of one node, cumulated over starts of its agent. */
interface Totals {
  reasons: Map<string, number>;
  /** Of the stream as it told them last. */
  stream: number;
  last: Record<string, number>;
}

export function createKernelDrops(keptSeconds: number): KernelDrops {
  const nodes = new Map<string, Totals>();
  const seconds = new Map<number, Map<string, Map<string, number>>>();

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

  const at = (second: number): Map<string, Map<string, number>> | undefined => {
    const point = [...seconds.keys()].findLast((candidate) => candidate <= second) ?? seconds.keys().next().value;
    return point === undefined ? undefined : seconds.get(point);
  };

  return {
    note(second, streams) {
      for (const stream of streams) if (stream) add(stream);
      seconds.set(second, new Map([...nodes].map(([node, { reasons }]) => [node, reasons])));
      const oldest = seconds.keys().next().value!;
      if (oldest < second - keptSeconds) seconds.delete(oldest);
    },
    between(node, reason, from, to) {
      const after = at(to)?.get(node);
      if (!after) return NaN;
      return (after.get(reason) ?? 0) - (at(from)?.get(node)?.get(reason) ?? 0);
    },
  };
}
