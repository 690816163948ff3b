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

/** Those bytes that the dropped segment carried, each as last sent before the wire had it. */
export function lostBytes(event: WireEvent, paths: SeenPath[]): SeenPath[] {
  const latest = new Map<number, { path: SeenPath; sentNs: number }>();
  for (const path of paths) {
    if (path.records.length === 0) continue; // dropped before its first hop
    const { mark } = path.records[0];
    if (!carries(event, mark) || !isOf(path, event)) continue;
    const sentNs = leftNs(path);
    if (sentNs === undefined || sentNs > event.timeNs) continue;
    if (sentNs > (latest.get(mark)?.sentNs ?? -Infinity)) latest.set(mark, { path, sentNs });
  }
  return [...latest.values()].map(({ path }) => path);
}

/** Bytes that came out although the wire had dropped them: joined with what was sent before or after. */
export function deliveredThoughDropped(paths: SeenPath[], log: WireEvent[]): SeenPath[] {
  const lost = new Set(log.filter(({ action }) => action === 'drop').flatMap((event) => lostBytes(event, paths)));
  return paths.filter((path) => lost.has(path) && path.verdict === 'delivered' && !path.ambiguous);
}
