/** What the wire's log says of the bytes that agents saw leave. */
import type { WireEvent } from '../lab/index.ts';
import type { SeenPath } from './watch.ts';

/** Time at which the path left its first node by eth0; undefined for others than bytes of TCP. */
const leftNs = ({ identityKind, hops, records }: SeenPath): number | undefined =>
  identityKind === 0 ? records[hops.findIndex(({ kind, direction }) => kind === 'uplink' && direction === 'egress')]?.timeNs : undefined; // prettier-ignore

const isOf = ({ source, destination }: SeenPath, { packet }: WireEvent): boolean =>
  source.ip === packet?.source && source.port === packet.sourcePort && destination.port === packet.destinationPort;

const carries = ({ packet }: WireEvent, mark: number): boolean =>
  (mark - (packet?.sequence ?? 0)) >>> 0 < (packet?.payload ?? 0);

/** How long a segment may have waited before the wire read it, on a machine that stood still: it may have been sent again meanwhile. */
const BACKLOG_NS = 2e9;

/**
 * The sendings that a dropped segment may be, byte for byte: the last before the wire read it, or where the same byte was
 * sent twice within the wire's backlog any of those.
 */
export function lostBytes(event: WireEvent, paths: SeenPath[]): SeenPath[][] {
  const byMark = new Map<number, { path: SeenPath; sentNs: number }[]>();
  for (const path of paths) {
    if (path.records.length === 0) continue; // dropped before its first hop
    const { mark } = path.records[0];
    if (!carries(event, mark) || !isOf(path, event)) continue;
    const sentNs = leftNs(path);
    if (sentNs === undefined || sentNs > event.timeNs) continue;
    byMark.set(mark, [...(byMark.get(mark) ?? []), { path, sentNs }]);
  }
  return [...byMark.values()].map((sendings) => {
    const latestNs = Math.max(...sendings.map(({ sentNs }) => sentNs));
    const sinceNs = Math.min(latestNs, event.timeNs - BACKLOG_NS);
    return sendings.filter(({ sentNs }) => sentNs >= sinceNs).map(({ path }) => path);
  });
}

/** Bytes that came out although the wire had certainly dropped them: joined with what was sent before or after. */
export function deliveredThoughDropped(paths: SeenPath[], log: WireEvent[]): SeenPath[] {
  const drops = log.filter(({ action }) => action === 'drop').flatMap((event) => lostBytes(event, paths));
  const lost = new Set(drops.filter((sendings) => sendings.length === 1).flat());
  return paths.filter((path) => lost.has(path) && path.verdict === 'delivered' && !path.ambiguous);
}
