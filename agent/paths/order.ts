/**
 * The way of one packet through its records.
 *
 * Records of one node stand in order by that node's clock. Between nodes clocks do not decide, for their bound can exceed
 * the time on the wire: a node's records are cut into visits, each from coming in to going out, and a visit that went out
 * through an uplink is followed by one that came in through another node's uplink. A packet may visit a node twice
 * (a pod that reaches its own node's pod through another node's NodePort).
 */
import type { AddressBook } from './addresses.ts';
import { At, flowOf, hopNumber, type Gathered } from './gather.ts';
import { sentByNode } from './instances.ts';
import { Direction } from './words.ts';

export interface Way {
  count: number;
  /** Indices into the gathered records, first hop first. */
  indices: Uint16Array;
  /** Whether the first is where the packet came into being for us: a pod's device, or a node that sent it itself. */
  hasEntry: boolean;
  /** A bridge sent it through many ports, and nobody knows which was the right one. */
  flooded: boolean;
  /** Records are left that fit nowhere. */
  ambiguous: boolean;
}

interface Visit {
  node: number;
  indices: number[];
  comesIn: boolean;
  goesOut: boolean;
  ends: boolean;
  flooded: boolean;
  used: boolean;
}

/** True when `a` certainly came before `b`; both on different nodes. */
export type Before = (a: number, b: number) => boolean;

export const createWay = (capacity: number): Way => ({
  count: 0,
  indices: new Uint16Array(capacity),
  hasEntry: false,
  flooded: false,
  ambiguous: false,
});

/** Orders the records of one instance. */
export function findWay(gathered: Gathered, instance: number, book: AddressBook, before: Before, way: Way): void {
  way.count = 0;
  way.hasEntry = way.flooded = way.ambiguous = false;
  if (gathered.count === 0) return;
  if (isPlain(gathered, instance, book, way)) return;
  const visits = cutVisits(gathered, instance, book);
  let visit = startOf(visits, gathered, book);
  way.hasEntry = visit !== undefined && enters(visit, gathered, book);
  while (visit) {
    visit.used = true;
    way.flooded ||= visit.flooded;
    for (const index of visit.indices) way.indices[way.count++] = index;
    visit = nextOf(visit, visits, before, way, (next) => ownsDestination(next, gathered, book));
  }
  way.ambiguous ||= visits.some((left) => !left.used && !isStray(left));
}

/**
 * The way of nearly every packet, found without an object: one node, or out of one and into another, each part with its
 * one way in and its one way out.
 */
function isPlain(gathered: Gathered, instance: number, book: AddressBook, way: Way): boolean {
  const { order, count, nodes, roles, instances } = gathered;
  let parts = 0;
  let secondAt = 0;
  for (let at = 0; at < count; at++) {
    const i = order[at];
    if (instances[i] !== instance) return false;
    if (at > 0 && nodes[i] === nodes[order[at - 1]]) continue;
    if (++parts === 2) secondAt = at;
    if (parts > 2) return false;
  }
  const partEnd = parts === 2 ? secondAt : count;
  if (!isOneVisit(gathered, 0, partEnd) || !isOneVisit(gathered, partEnd, count)) return false;
  const isSwapped = parts === 2 && roles[order[0]] === At.outsideIn;
  if (parts === 2) {
    const [fromEnd, toStart] = isSwapped ? [count - 1, 0] : [secondAt - 1, secondAt];
    if (roles[order[fromEnd]] !== At.outsideOut || roles[order[toStart]] !== At.outsideIn) return false;
    if (roles[order[isSwapped ? secondAt : 0]] === At.outsideIn) return false;
  }
  const shift = isSwapped ? secondAt : 0;
  for (let at = 0; at < count; at++) way.indices[at] = order[(at + shift) % count]!;
  way.count = count;
  const first = way.indices[0];
  way.hasEntry = roles[first] === At.podIn || (roles[first] !== At.outsideIn && sentByNode(gathered, first, book));
  return true;
}

/** At most one device towards pods or other nodes on the way in, as its first, and one on the way out, as its last. */
function isOneVisit({ order, roles }: Gathered, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const role = roles[order[at]];
    if ((role === At.podIn || role === At.outsideIn) && at !== from) return false;
    if ((role === At.podOut || role === At.outsideOut) && at !== to - 1) return false;
  }
  return true;
}

function cutVisits(gathered: Gathered, instance: number, book: AddressBook): Visit[] {
  const { order, count, nodes, roles, instances } = gathered;
  const visits: Visit[] = [];
  let left = false;
  for (let at = 0; at < count; at++) {
    const i = order[at];
    if (instances[i] !== instance) continue;
    const role = roles[i];
    let visit = visits.at(-1);
    const isOut = role === At.podOut || role === At.outsideOut;
    if (!visit || visit.node !== nodes[i] || (left && !isOut)) {
      visit = {
        node: nodes[i],
        indices: [],
        comesIn: role === At.outsideIn,
        goesOut: false,
        ends: false,
        flooded: false,
        used: false,
      };
      visits.push(visit);
      left = false;
    }
    visit.indices.push(i);
    left ||= isOut;
  }
  for (const visit of visits) finishVisit(visit, gathered, book);
  return visits;
}

/** Of several pods' devices that a bridge flooded the frame to, the one counts that has the destination behind it. */
function finishVisit(visit: Visit, gathered: Gathered, book: AddressBook): void {
  const { roles, frames, hops } = gathered;
  const outs = visit.indices.filter((i) => roles[i] === At.podOut);
  const leaves = visit.indices.some((i) => roles[i] === At.outsideOut);
  if (outs.length > 1 || (outs.length === 1 && leaves)) {
    const owner = book.find(frames[outs[0]].destination, 4 * flowOf(gathered, outs[0]));
    const right = outs.find(
      (i) => owner?.node === visit.node && hopNumber(owner.ifindex, Direction.egress) === hops[i],
    );
    const isOut = (i: number): boolean => roles[i] === At.podOut || (right !== undefined && roles[i] === At.outsideOut);
    visit.indices = visit.indices.filter((i) => i === right || !isOut(i));
    visit.flooded = right === undefined && !leaves;
  }
  const last = roles[visit.indices.at(-1) ?? 0];
  visit.goesOut = last === At.outsideOut;
  visit.ends = last === At.podOut;
}

const enters = (visit: Visit, gathered: Gathered, book: AddressBook): boolean =>
  gathered.roles[visit.indices[0]] === At.podIn || (!visit.comesIn && sentByNode(gathered, visit.indices[0], book));

function startOf(visits: Visit[], gathered: Gathered, book: AddressBook): Visit | undefined {
  const some = visits.filter((visit) => visit.indices.length > 0);
  return (
    some.find((visit) => gathered.roles[visit.indices[0]] === At.podIn) ??
    some.find((visit) => enters(visit, gathered, book)) ??
    some.find((visit) => !visit.comesIn) ??
    some.find((visit) => visit.goesOut) ??
    some[0]
  );
}

/** A single record of coming in: a switch flooded the frame to a node that threw it away. */
const isStray = (visit: Visit): boolean => visit.indices.length <= 1 && !visit.goesOut && !visit.ends;

/** Whether the destination lives on the visited node, as far as anybody knows. */
const ownsDestination = ({ node, indices: [i] }: Visit, gathered: Gathered, book: AddressBook): boolean =>
  book.expect(gathered.frames[i].destination, 4 * flowOf(gathered, i)) === node;

function nextOf(
  visit: Visit,
  visits: Visit[],
  before: Before,
  way: Way,
  owns: (visit: Visit) => boolean,
): Visit | undefined {
  if (visit.ends) {
    // Through a pod that forwards: in again on the same node, right after.
    const next = visits[visits.indexOf(visit) + 1];
    return next && !next.used && next.node === visit.node && !next.comesIn ? next : undefined;
  }
  if (!visit.goesOut) return undefined;
  const open = visits.filter(
    (next) => !next.used && next.comesIn && next.node !== visit.node && next.indices.length > 0,
  );
  const live = open.filter((next) => !isStray(next));
  const passing = live.filter((next) => next.goesOut);
  if (passing.length > 1) return earliest(passing, before, way);
  // Who passes it on comes before who keeps it.
  return passing[0] ?? live[0] ?? (open.length === 1 ? open[0] : open.find(owns));
}

function earliest(visits: Visit[], before: Before, way: Way): Visit | undefined {
  const first = visits.find((visit) =>
    visits.every((other) => other === visit || before(visit.indices[0], other.indices[0])),
  );
  way.ambiguous ||= first === undefined;
  return first ?? visits[0];
}
