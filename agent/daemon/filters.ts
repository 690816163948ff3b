/** Filters that readers ask for: of this agent, and through it of its peers. */
import type { FilterControl } from '../client/protocol.ts';
import { createLease, type FilterAsked } from '../server/lease.ts';
import type { ControlReader } from '../server/readers.ts';

type Apply = (asked: FilterAsked | undefined) => void;

export interface Filters {
  ask(control: FilterControl, from: ControlReader): void;
}

/** `own` and `peers` are told what is to be in force. A gateway asks for its reader, and of this agent alone. */
export function createFilters({ own, peers }: { own: Apply; peers: Apply }): Filters {
  const ofCluster = new WeakSet<FilterAsked>();
  const lease = createLease((asked) => {
    own(asked);
    peers(asked && ofCluster.has(asked) ? asked : undefined);
  });
  const listening = new WeakSet<AbortSignal>();
  return {
    ask({ expression, by }, { scope, address, gone }) {
      const asked = { expression, by: scope === 'node' && by !== undefined ? by : address };
      if (scope === 'cluster') ofCluster.add(asked);
      lease.ask(gone, asked);
      if (listening.has(gone)) return;
      listening.add(gone);
      gone.addEventListener('abort', () => lease.release(gone), { once: true });
    },
  };
}
