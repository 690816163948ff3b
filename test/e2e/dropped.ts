/** What the wire's log says of the bytes that agents saw leave. */
import { begin, finish, mix } from '../../agent/probe/identity.ts';
import type { WireEvent } from '../lab/index.ts';
import type { WirePacket } from '../lab/wire.ts';
import type { SeenPath } from './watch.ts';

/** How long a segment may have waited before the wire read it, on a machine that stood still: it may have been sent again meanwhile. */
const BACKLOG_NS = 2e9;

/** Some bytes that left their first node by eth0; longer than on the wire where the driver cut them. */
interface Sending {
  path: SeenPath;
  timeNs: number;
  /** The byte that is followed. */
  mark: number;
  sequence: number;
  payload: number;
  context: number;
}

const IDENTITY_MARK = 0;

/** What tells two transmissions of the same bytes apart, but for those of one millisecond or without timestamps: tcp_context of bpf/identity.h. */
export function contextOf({ acknowledgement = 0, timestamp = 0, timestampEcho = 0 }: Partial<WirePacket>): number {
  const times = (BigInt(timestamp) << 32n) | BigInt(timestampEcho);
  return Number(finish(mix(mix(begin(IDENTITY_MARK), BigInt(acknowledgement)), times)) >> 32n);
}

const flowOf = (source: string, sourcePort: number | null, destinationPort: number | null): string =>
  `${source} ${sourcePort} ${destinationPort}`;

/** Of bytes of TCP that were not dropped before; by flow. */
function sendingsOf(paths: SeenPath[]): Map<string, Sending[]> {
  const flows = new Map<string, Sending[]>();
  for (const path of paths) {
    if (path.identityKind !== 0) continue;
    const record = path.records[path.hops.findIndex(({ kind, direction }) => kind === 'uplink' && direction === 'egress')]; // prettier-ignore
    if (!record) continue;
    const flow = flowOf(path.source.ip, path.source.port, path.destination.port);
    const sendings = flows.get(flow) ?? [];
    flows.set(flow, sendings);
    sendings.push({ path, ...record });
  }
  return flows;
}

const carries = (sequence: number, payload: number, mark: number): boolean => (mark - sequence) >>> 0 < payload;

/** A byte that a dropped segment carried. */
interface Lost {
  /** The sendings of it that were followed, since the latest before the wire read it and within its backlog. */
  paths: SeenPath[];
  /** It was sent once in that time: that one is gone. */
  isCertain: boolean;
}

/**
 * Every byte followed that the wire dropped. Each packet follows a byte of its own: one that carried this byte again, but was too long to
 * follow it, is found by another one.
 */
export function lostBytes(paths: SeenPath[], log: WireEvent[]): Lost[] {
  const flows = sendingsOf(paths);
  return log.filter(({ action }) => action === 'drop').flatMap(({ packet, timeNs }) => {
    if (!packet?.payload) return [];
    const flow = flows.get(flowOf(packet.source, packet.sourcePort ?? null, packet.destinationPort ?? null)) ?? [];
    const context = contextOf(packet);
    const alike = flow.filter((sending) => sending.context === context && sending.timeNs <= timeNs);
    return lostOf(packet.sequence ?? 0, packet.payload, timeNs, alike);
  });
} // prettier-ignore

function lostOf(sequence: number, payload: number, readNs: number, before: Sending[]): Lost[] {
  const marks = before.map(({ mark }) => mark).filter((mark) => carries(sequence, payload, mark));
  return [...new Set(marks)].map((mark) => {
    const latestNs = Math.max(...before.filter((sending) => sending.mark === mark).map(({ timeNs }) => timeNs));
    const sinceNs = Math.min(latestNs, readNs - BACKLOG_NS);
    const sendings = before.filter((each) => each.timeNs >= sinceNs && carries(each.sequence, each.payload, mark));
    return {
      paths: sendings.filter((sending) => sending.mark === mark).map(({ path }) => path),
      isCertain: new Set(sendings.map(({ timeNs }) => timeNs)).size === 1,
    };
  });
}

/** Bytes that came out although the wire had certainly dropped them: joined with what was sent before or after. */
export function deliveredThoughDropped(paths: SeenPath[], log: WireEvent[]): SeenPath[] {
  const certain = lostBytes(paths, log).filter(({ isCertain }) => isCertain);
  const lost = new Set(certain.flatMap((byte) => byte.paths));
  return paths.filter((path) => lost.has(path) && path.verdict === 'delivered' && !path.ambiguous);
}
