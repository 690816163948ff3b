/** The packet that an ICMP error repeats: the error's records carry its identity (bpf/cause.h), so its path is found by it. */
import { formatAddress, formatEndpoint } from './addresses.ts';
import { findEntry, frameOfLeg, type Pool } from './pool.ts';
import type { PathView } from './view.ts';
import { identityText, Kind, protocolName } from './words.ts';

export interface Cause {
  /** 16 hex digits; null where the error repeats too little to tell. */
  identity: string | null;
  /** As some hop saw it; null where none of its records is held any more, or none ever came. */
  protocol: string | null;
  source: string | null;
  destination: string | null;
}

/** Of an ICMP error's path; null for others. */
export function findCause(view: PathView, pool: Pool, timeMs: number, windowMs: number): Cause | null {
  if (view.kind !== Kind.icmpError) return null;
  const [low, high] = [view.frames[0].mark[view.rows[0]], view.frames[0].context[view.rows[0]]];
  const unknown = { protocol: null, source: null, destination: null };
  if (low === 0 && high === 0) return { identity: null, ...unknown };
  const entry = findEntry(pool, low, high, timeMs, windowMs);
  return { identity: identityText(low, high), ...(entry === -1 ? unknown : endsOf(pool, entry)) };
}

/** By the record that came last: translated already, if anything does. */
function endsOf(pool: Pool, entry: number): Omit<Cause, 'identity'> {
  const leg = pool.lastLeg[entry & pool.entryMask];
  const frame = frameOfLeg(pool, leg);
  const flow = frame.flow[pool.legFirst[leg & pool.legMask]];
  return {
    protocol: protocolName(frame.protocol[flow]),
    source: formatEndpoint(formatAddress(frame.source, 4 * flow), frame.sourcePort[flow]),
    destination: formatEndpoint(formatAddress(frame.destination, 4 * flow), frame.destinationPort[flow]),
  };
}
