/** What segments do to order: where packets are overtaken, copied, or lost so that they are sent again. */
import { Arrival } from './arrivals.ts';
import type { Gathered } from './gather.ts';
import type { SegmentName } from './segments.ts';
import { directionName, type HopDirection } from './words.ts';
import type { PathView } from './view.ts';

export interface DisorderHop {
  node: string;
  device: string;
  direction: HopDirection;
}

/** One segment that was not in order. Segments that were are not told. */
export interface Disorder {
  name: SegmentName;
  from: DisorderHop;
  to: DisorderHop;
  /** Came out of it behind what went in after them. */
  reordered: number;
  /** Came out more often than they went in. */
  duplicated: number;
  /** Bytes of TCP that went in again because they had not come out. */
  retransmitted: number;
}

/** Bits of PathView.disorder. */
export const Disorderly = { reordered: 1, duplicated: 2, retransmitted: 4 } as const;
type Figure = keyof typeof Disorderly;

export interface Disorders {
  bySegment: Map<string, Disorder>;
}

/** More kinds of segments than any cluster has. */
const MAX_SEGMENTS = 4096;

export const createDisorders = (): Disorders => ({ bySegment: new Map() });

const arrivalAt = (view: PathView, hop: number): number => view.frames[hop].arrival[view.rows[hop]];

/** Counts one path whose hops and segments stand. `gathered` holds the records of its identity. */
export function noteDisorder(disorders: Disorders, view: PathView, gathered: Gathered): void {
  view.disorder.fill(0, 0, view.hopCount);
  if (view.ambiguous) {
    noteCopies(disorders, view, gathered);
    return;
  }
  for (let hop = 1; hop < view.hopCount; hop++) {
    const before = arrivalAt(view, hop - 1);
    const after = arrivalAt(view, hop);
    if (before === after) continue;
    if (after & ~before & Arrival.late) count(disorders, view, hop, 'reordered', 1);
    const isNew = (after & (Arrival.again | Arrival.unsure)) === 0;
    if (isNew && before & Arrival.again) count(disorders, view, hop, 'retransmitted', 1);
  }
}

/** The hops saw the identity different numbers of times: where it became more, something copied it. */
function noteCopies(disorders: Disorders, view: PathView, gathered: Gathered): void {
  for (let hop = 1; hop < view.hopCount; hop++) {
    const more = timesAt(view, hop, gathered) - timesAt(view, hop - 1, gathered);
    if (more > 0) count(disorders, view, hop, 'duplicated', more);
  }
}

function timesAt(view: PathView, hop: number, { count, frames, rows }: Gathered): number {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  let times = 0;
  for (let i = 0; i < count; i++) {
    const isSame =
      frames[i].ifindex[rows[i]] === frame.ifindex[row] && frames[i].direction[rows[i]] === frame.direction[row];
    if (isSame && frames[i].stream.node === frame.stream.node) times++;
  }
  return times;
}

function count({ bySegment }: Disorders, view: PathView, hop: number, figure: Figure, times: number): void {
  view.disorder[hop - 1] |= Disorderly[figure];
  const [from, to] = [hopOf(view, hop - 1), hopOf(view, hop)];
  const key = [from, to].map(({ node, device, direction }) => `${node} ${device} ${direction}`).join(' ');
  let disorder = bySegment.get(key);
  if (!disorder) {
    if (bySegment.size === MAX_SEGMENTS) return;
    disorder = { name: view.names[hop - 1], from, to, reordered: 0, duplicated: 0, retransmitted: 0 };
    bySegment.set(key, disorder);
  }
  disorder[figure] += times;
}

function hopOf(view: PathView, hop: number): DisorderHop {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  return {
    node: view.streams[hop].name,
    device: view.devices[hop]?.name ?? `if${frame.ifindex[row]}`,
    direction: directionName(frame.direction[row]),
  };
}

/** Worst first. */
export const listDisorders = ({ bySegment }: Disorders): Disorder[] =>
  [...bySegment.values()].sort((a, b) => sum(b) - sum(a));

const sum = ({ reordered, duplicated, retransmitted }: Disorder): number => reordered + duplicated + retransmitted;
