/**
 * Paths as trace events for https://ui.perfetto.dev and chrome://tracing: nodes as processes, devices as tracks, each
 * segment of a packet a slice where it begins, arrows from node to node. The format:
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import { deviceName } from '../trace/shape.ts';
import type { PathView } from '../paths/view.ts';
import type { WallClock } from '../paths/wall-clock.ts';
import { flowLabel, fromLabel, identityOf, outcomeOf, toLabel } from './about.ts';
import type { Emit, Exporter } from './exporter.ts';
import { createInOrder } from './in-order.ts';
import { isoOf } from './iso.ts';

/** What a packet did behind one hop. */
interface Slice {
  node: string;
  device: string;
  name: string;
  fromNs: number;
  durationNs: number;
  args: Record<string, unknown>;
  /** Arrows that come in and that go out, by number. */
  arrivesBy: number;
  leavesBy: number;
}

/** A mark where a packet ended. */
interface End {
  node: string;
  device: string;
  name: string;
  fromNs: number;
}

type Item = Slice | End;

const isSlice = (item: Item): item is Slice => 'durationNs' in item;

/** Slices of one track must not overlap: who comes while another is there goes to the next one of its device. */
interface Track {
  tid: number;
  untilNs: number;
}

export function createPerfetto(emit: Emit, hoplens: string): Exporter {
  const nodes = new Map<string, { pid: number; devices: Map<string, Track[]> }>();
  const inOrder = createInOrder<Item>((item) => (isSlice(item) ? writeSlice(item) : writeEnd(item)));
  let tracks = 0;
  let arrows = 0;
  let isBegun = false;
  let wall: WallClock | undefined;

  function event(fields: Record<string, unknown>): void {
    emit(`${isBegun ? ',\n' : '{"traceEvents":[\n'}${JSON.stringify(fields)}`);
    isBegun = true;
  }

  function nodeOf(name: string) {
    let node = nodes.get(name);
    if (!node) {
      nodes.set(name, (node = { pid: nodes.size + 1, devices: new Map<string, Track[]>() }));
      event({ ph: 'M', name: 'process_name', pid: node.pid, args: { name: `node ${name}` } });
    }
    return node;
  }

  function trackOf(nodeName: string, device: string, fromNs: number): { pid: number; track: Track } {
    const { pid, devices } = nodeOf(nodeName);
    let known = devices.get(device);
    if (!known) devices.set(device, (known = []));
    let track = known.find(({ untilNs }) => untilNs <= fromNs);
    if (!track) {
      known.push((track = { tid: ++tracks, untilNs: -Infinity }));
      const name = known.length === 1 ? device : `${device} (${known.length})`;
      event({ ph: 'M', name: 'thread_name', pid, tid: track.tid, args: { name } });
      event({ ph: 'M', name: 'thread_sort_index', pid, tid: track.tid, args: { sort_index: track.tid } });
    }
    return { pid, track };
  }

  function writeSlice({ node, device, name, fromNs, durationNs, args, arrivesBy, leavesBy }: Slice): void {
    const { pid, track } = trackOf(node, device, fromNs);
    track.untilNs = fromNs + durationNs;
    const at = { pid, tid: track.tid, ts: micro(fromNs) };
    event({ ph: 'X', cat: 'segment', name, ...at, dur: micro(durationNs), args });
    const arrow = { cat: 'packet', name: 'to the next node', ...at };
    if (arrivesBy) event({ ph: 'f', bp: 'e', id: arrivesBy, ...arrow });
    if (leavesBy) event({ ph: 's', id: leavesBy, ...arrow });
  }

  function writeEnd({ node, device, name, fromNs }: End): void {
    const { pid, track } = trackOf(node, device, fromNs);
    event({ ph: 'i', s: 't', cat: 'loss', name, pid, tid: track.tid, ts: micro(fromNs) });
  }

  return {
    add(view, wallClock) {
      wall = wallClock;
      for (const slice of slicesOf(view, wallClock, () => ++arrows)) inOrder.add(slice.fromNs, slice);
      const { drop } = view;
      if (!drop) return;
      const fromNs = wall.of(drop.stream, drop.timeNs).ns;
      const device = drop.device?.name ?? 'no device';
      inOrder.add(fromNs, { node: drop.stream.name, device, name: `${outcomeOf(view)}: ${flowLabel(view)}`, fromNs });
    },
    end() {
      inOrder.flush();
      const started = wall ? isoOf(wall.since1970(0)) : '';
      const other = JSON.stringify({ hoplens, startedAt: started });
      emit(`${isBegun ? '' : '{"traceEvents":['}\n],"displayTimeUnit":"ns","otherData":${other}}\n`);
    },
    get late() {
      return inOrder.late;
    },
  };
}

/** To the nanosecond: microseconds with three decimals. */
const micro = (ns: number): number => Math.round(ns) / 1000;

/** One for each segment; the last hop's has no length. A time that ran backwards inside its bound is drawn as none. */
function slicesOf(view: PathView, wall: WallClock, newArrow: () => number): Slice[] {
  const name = `${fromLabel(view)} ▸ ${toLabel(view)}`;
  const args = { packet: flowLabel(view), identity: identityOf(view), outcome: outcomeOf(view) };
  const slices: Slice[] = [];
  let arrow = 0;
  for (let hop = 0; hop < view.hopCount; hop++) {
    const fromNs = wall.ofHop(view, hop).ns;
    const isLast = hop === view.hopCount - 1;
    const durationNs = isLast ? 0 : view.durationsNs[hop];
    const leaves = !isLast && durationNs >= 0 && view.streams[hop].node !== view.streams[hop + 1].node;
    const leavesBy = leaves ? newArrow() : 0;
    slices.push({
      node: view.streams[hop].name,
      device: deviceName(view, hop),
      name: `${isLast ? 'last hop' : view.names[hop]}, ${name}`,
      fromNs,
      durationNs: Math.max(0, Number.isNaN(durationNs) ? 0 : durationNs),
      args: { ...args, ...figuresOf(view, hop) },
      arrivesBy: arrow,
      leavesBy,
    });
    arrow = leavesBy;
  }
  return slices;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

function figuresOf(view: PathView, hop: number): Record<string, unknown> {
  const frame = view.frames[hop];
  const row = view.rows[hop];
  const isLast = hop === view.hopCount - 1;
  return {
    bytes: frame.bytes[row],
    wirePackets: frame.wirePackets[row],
    ...(!isLast && { durationNs: orNull(view.durationsNs[hop]), boundNs: orNull(view.boundsNs[hop]) }),
  };
}
