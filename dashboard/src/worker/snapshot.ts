/** What the agents remember of a span that is shown, by the page's time: `performance.timeOrigin + performance.now()`. */
import { SNAPSHOT_PATH } from '../../../agent/client/protocol.ts';
import { formatSpan } from '../../../agent/history/span.ts';
import type { Span } from '../lib/span.ts';

export interface SnapshotWanted {
  base: string;
  token: string | undefined;
  span: Span;
}

/** Of each node; more than any keeps if nobody asked it to. */
const NODE_BYTES = 256 << 20;
/** Verdicts come five seconds behind a packet, with the status that they rest on. */
export const BEHIND_MS = 7000;

/** By ages: the agents' clocks may differ from ours. @throws with what the agent says, or why none was reached */
export async function askSnapshot({ base, token, span }: SnapshotWanted, nowMs: number): Promise<Response> {
  const ages = { fromAgeMs: nowMs - span.from * 1000, toAgeMs: Math.max(0, nowMs - span.to * 1000 - BEHIND_MS) };
  const query = new URLSearchParams(formatSpan({ ...ages, bytes: NODE_BYTES }));
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${base}${SNAPSHOT_PATH.slice(1)}?${query}`, { headers, cache: 'no-store' });
  if (!response.ok) throw new Error((await response.text()).trim() || `HTTP ${response.status}`);
  return response;
}
