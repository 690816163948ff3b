/** All records of one identity, sorted by node and in each by time: the scratch on which a path is put together. */
import type { LegsFrame } from './legs-frame.ts';
import { frameOfLeg, type Pool } from './pool.ts';
import { Role, type KnownDevice } from './streams.ts';
import { Direction, DIRECTIONS, isDrop } from './words.ts';

/** More records of one identity than any path has: a flood, or somebody means harm. */
export const MAX_RECORDS = 256;

const MAX_DROPS = 32;

export interface Gathered {
  count: number;
  /** Records of drops stand apart: they are no hops. Any more of one identity are one and the same drop to us. */
  dropCount: number;
  dropFrames: LegsFrame[];
  dropRows: Uint32Array;
  /** There were more than fit. */
  overflow: boolean;
  /** Some record is of an uplink's queue, or of one on another. */
  hasEdges: boolean;
  /** Of each record: where it stands. */
  frames: LegsFrame[];
  rows: Uint32Array;
  nodes: Uint16Array;
  /** Numbers of hops: hopNumber. */
  hops: Float64Array;
  timesNs: Float64Array;
  roles: Uint8Array;
  devices: (KnownDevice | undefined)[];
  /** Which of several packets of the same identity; -1: of none. */
  instances: Int16Array;
  /** Indices in order. */
  order: Uint16Array;
}

export const createGathered = (): Gathered => ({
  count: 0,
  dropCount: 0,
  dropFrames: [],
  dropRows: new Uint32Array(MAX_DROPS),
  overflow: false,
  hasEdges: false,
  frames: [],
  rows: new Uint32Array(MAX_RECORDS),
  nodes: new Uint16Array(MAX_RECORDS),
  hops: new Float64Array(MAX_RECORDS),
  timesNs: new Float64Array(MAX_RECORDS),
  roles: new Uint8Array(MAX_RECORDS),
  devices: [],
  instances: new Int16Array(MAX_RECORDS),
  order: new Uint16Array(MAX_RECORDS),
});

/** Bits of a record's role. */
export const At = { podIn: 1, podOut: 2, outsideIn: 4, outsideOut: 8 } as const;

export const hopNumber = (ifindex: number, direction: number): number => ifindex * DIRECTIONS + direction;

const isIn = (direction: number): boolean => direction === Direction.ingress || direction === Direction.receive;

const bitOf = (role: number, direction: number): number => {
  if (role === Role.inside) return 0;
  if (role === Role.pod) return isIn(direction) ? At.podIn : At.podOut;
  return isIn(direction) ? At.outsideIn : At.outsideOut;
};

/**
 * A node's edge is its record nearest to the wire. Where an uplink's queue is watched that is its driver, where uplinks are
 * stacked (a VLAN, a bond) the lowest of them: what lies above is inside.
 */
function moveEdges({ order, count, roles, hops, nodes, devices }: Gathered): void {
  const isNext = (at: number, outer: number): boolean => {
    const [inside, outside] = [order[at], order[outer]];
    if (nodes[inside] !== nodes[outside] || roles[inside] !== roles[outside]) return false;
    return isNearer(hops[outside], hops[inside]) || isBelow(devices[outside], devices[inside]);
  };
  for (let at = 0; at + 1 < count; at++)
    if (roles[order[at]] === At.outsideOut && isNext(at, at + 1)) roles[order[at]] = 0;
  for (let at = count - 1; at > 0; at--)
    if (roles[order[at]] === At.outsideIn && isNext(at, at - 1)) roles[order[at]] = 0;
}

/** The driver of the same device. */
const isNearer = (outside: number, inside: number): boolean =>
  Math.floor(outside / DIRECTIONS) === Math.floor(inside / DIRECTIONS) &&
  (outside % DIRECTIONS === Direction.transmit || outside % DIRECTIONS === Direction.receive) &&
  inside % DIRECTIONS <= Direction.egress;

const isStacked = ({ role, parent, master }: KnownDevice): boolean =>
  role === Role.outside && (parent !== undefined || master !== 0);

const isBelow = (lower: KnownDevice | undefined, upper: KnownDevice | undefined): boolean =>
  lower !== undefined && upper !== undefined && (upper.parent === lower.ifindex || lower.master === upper.ifindex);

export function gather(pool: Pool, entry: number, into: Gathered): void {
  into.count = 0;
  into.dropCount = 0;
  into.overflow = into.hasEdges = false;
  const slot = entry & pool.entryMask;
  let leg = pool.lastLeg[slot];
  for (let i = pool.legsOf[slot]; i > 0; i--) {
    addRecords(into, frameOfLeg(pool, leg), pool.legFirst[leg & pool.legMask], pool.legCount[leg & pool.legMask]);
    leg = pool.legPrevious[leg & pool.legMask]!;
  }
  if (into.hasEdges) moveEdges(into);
}

function addRecords(into: Gathered, frame: LegsFrame, first: number, count: number): void {
  for (let row = first; row < first + count; row++) {
    if (isDrop(frame.direction[row])) {
      addDrop(into, frame, row);
      continue;
    }
    const i = into.count;
    if (i === MAX_RECORDS) {
      into.overflow = true;
      return;
    }
    const direction = frame.direction[row];
    const device = frame.stream.devices.get(frame.ifindex[row]);
    into.frames[i] = frame;
    into.rows[i] = row;
    into.nodes[i] = frame.stream.node;
    into.hops[i] = hopNumber(frame.ifindex[row], direction);
    into.timesNs[i] = frame.baseNs + frame.timeNs[row];
    into.devices[i] = device;
    into.roles[i] = device ? bitOf(device.role, direction) : 0;
    into.instances[i] = 0;
    into.hasEdges ||= direction > Direction.egress || (device !== undefined && isStacked(device));
    into.count++;
    insert(into, i);
  }
}

function addDrop(into: Gathered, frame: LegsFrame, row: number): void {
  if (into.dropCount === MAX_DROPS) return;
  into.dropFrames[into.dropCount] = frame;
  into.dropRows[into.dropCount++] = row;
}

/** Legs are sorted already, so this hardly ever moves anything. */
function insert(into: Gathered, index: number): void {
  const { order, nodes, timesNs } = into;
  let at = index;
  while (at > 0) {
    const before = order[at - 1];
    const isLater =
      nodes[before] > nodes[index] || (nodes[before] === nodes[index] && timesNs[before] > timesNs[index]);
    if (!isLater) break;
    order[at] = before;
    at--;
  }
  order[at] = index;
}

/** The flow of a record within its frame. */
export const flowOf = (gathered: Gathered, index: number): number => gathered.frames[index].flow[gathered.rows[index]];
