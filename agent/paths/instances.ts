/**
 * Which records of one identity belong to which packet.
 *
 * Mostly there is one packet and each hop saw it once. When a hop saw the identity again there were several (a
 * retransmission within a millisecond, two clients whose datagrams look alike), and the n-th record of a hop is instance n.
 * Where the hops' numbers differ nobody can say which one was lost: all are ambiguous. So they are where one was sent before
 * the one before it had arrived everywhere: of two sendings one may be lost and the other doubled. An endpoint that nothing changed
 * tells two clients apart: so the records are first divided by source, then by destination (replies through NAT), and a
 * division holds if every part has an entry of its own and equal numbers at its hops.
 */
import { At, flowOf, type Gathered } from './gather.ts';
import type { AddressBook } from './addresses.ts';
import { viewerMs } from './streams.ts';

/** Gives every record its instance. Returns how many there are; 0: ambiguous. */
export function divide(gathered: Gathered, book: AddressBook): number {
  if (gathered.overflow) return 0;
  if (isSingle(gathered)) return 1;
  for (const end of ['source', 'destination'] as const) {
    const parts = partsBy(gathered, end);
    if (parts > 1 && everyPartEnters(gathered, parts, book)) {
      const instances = countWithin(gathered, parts);
      if (instances > 0) return instances;
    }
  }
  gathered.instances.fill(0, 0, gathered.count);
  return countWithin(gathered, 1);
}

function isSingle({ count, roles, hops, nodes }: Gathered): boolean {
  let entries = 0;
  for (let i = 0; i < count; i++) {
    if (roles[i] === At.podIn) entries++;
    for (let j = 0; j < i; j++) if (hops[i] === hops[j] && nodes[i] === nodes[j]) return false;
  }
  return entries < 2;
}

/** Numbers the records in `instances` by one endpoint, and returns how many there are. */
function partsBy(gathered: Gathered, end: 'source' | 'destination'): number {
  const keys: string[] = [];
  for (let i = 0; i < gathered.count; i++) {
    const frame = gathered.frames[i];
    const flow = flowOf(gathered, i);
    const port = end === 'source' ? frame.sourcePort[flow] : frame.destinationPort[flow];
    const key = `${frame[end].subarray(4 * flow, 4 * flow + 4).join()}:${port}`;
    const known = keys.indexOf(key);
    gathered.instances[i] = known === -1 ? keys.push(key) - 1 : known;
  }
  return keys.length;
}

function everyPartEnters(gathered: Gathered, parts: number, book: AddressBook): boolean {
  const enters = new Set<number>();
  for (let i = 0; i < gathered.count; i++) {
    if (gathered.roles[i] === At.podIn || sentByNode(gathered, i, book)) enters.add(gathered.instances[i]);
  }
  return enters.size === parts;
}

/** Whether the record's source is an address of the node that wrote it. */
export function sentByNode(gathered: Gathered, index: number, book: AddressBook): boolean {
  const owner = book.find(gathered.frames[index].source, 4 * flowOf(gathered, index));
  return owner?.ifindex === 0 && owner.node === gathered.nodes[index];
}

/**
 * Within each part (given in `instances`) the n-th record of a hop becomes the n-th instance.
 * Returns how many instances all parts have together, 0 when the hops of a part differ in number.
 */
function countWithin(gathered: Gathered, parts: number): number {
  const { count, order, hops, nodes, instances } = gathered;
  const partOf = instances.slice(0, count);
  let base = 0;
  for (let part = 0; part < parts; part++) {
    const seen: { node: number; hop: number; times: number }[] = [];
    for (let at = 0; at < count; at++) {
      const i = order[at];
      if (partOf[i] !== part) continue;
      let hop = seen.find((known) => known.hop === hops[i] && known.node === nodes[i]);
      if (!hop) seen.push((hop = { node: nodes[i], hop: hops[i], times: 0 }));
      instances[i] = base + hop.times++;
    }
    const times = seen[0]?.times ?? 0;
    if (seen.some((hop) => hop.times !== times) || !areApart(gathered, base, base + times)) return 0;
    base += times;
  }
  return base;
}

/** Between nodes times are compared on the viewer's clock, which is right to some milliseconds. */
const MARGIN_MS = 10;

/** Whether each of these instances had passed its last hop when the next one came to its first. */
function areApart(gathered: Gathered, from: number, to: number): boolean {
  const { count, nodes } = gathered;
  const marginMs = nodes.subarray(0, count).every((node) => node === nodes[0]) ? 0 : MARGIN_MS;
  for (let instance = from; instance + 1 < to; instance++) {
    if (extent(gathered, instance + 1).firstMs < extent(gathered, instance).lastMs + marginMs) return false;
  }
  return true;
}

function extent({ count, instances, frames, timesNs }: Gathered, instance: number) {
  const found = { firstMs: Infinity, lastMs: -Infinity };
  for (let i = 0; i < count; i++) {
    if (instances[i] !== instance) continue;
    const atMs = viewerMs(frames[i].stream, timesNs[i]);
    found.firstMs = Math.min(found.firstMs, atMs);
    found.lastMs = Math.max(found.lastMs, atMs);
  }
  return found;
}
