/** Rows in, the path map out; remembers who stands where. */
import { nameWord } from '../../lib/narrow.ts';
import type { NodeHealth } from '../health.ts';
import type { Row } from '../rows.ts';
import type { Window } from '../window.ts';
import { arrange, nothing, type Frame, type Present } from './arrange.ts';
import { groupOf, type GroupKind } from './groups.ts';
import type { Standings } from './compare.ts';
import { linksOf, lossesOf, type Drawn } from './links.ts';
import { isEnd, tripOf, type End, type Stop, type Vertex } from './trip.ts';
import {
  levels,
  type FrameState,
  type Level,
  type MapDevice,
  type MapFrame,
  type MapGroup,
  type MapView,
} from './view.ts';

export interface Mapping {
  rows: readonly Row[];
  window: Window;
  /** That the window covers by now. */
  seconds: number;
  nodes: readonly Pick<NodeHealth, 'name' | 'state'>[];
  standings: Standings;
  filter: string;
  finest: Level;
  /** Since the first packet: in the first seconds everything turns up. */
  ageMs: number;
}

export type PathMap = (mapping: Mapping) => MapView;

const COLUMNS = 4;
const SETTLED_MS = 12_000;

export function createMap(): PathMap {
  let arrangement = nothing;
  return ({ rows, window, seconds, nodes, standings, filter, finest, ageMs }) => {
    const places = placesOf(rows, nodes);
    const present = [...places].map(([node, place]) => presentOf(node, place));
    const isNarrowed = filter.trim() !== '';
    arrangement = arrange(arrangement, {
      present,
      finest,
      scope: `${finest} ${filter}`,
      isNarrowed,
      isSettled: ageMs > SETTLED_MS,
    });
    const frames = new Map(arrangement.frames.map((frame) => [frame.node, frame]));
    const draw = (vertex: Vertex): Drawn => drawn(vertex, frames);
    const states = new Map(nodes.map(({ name, state }) => [name, state]));
    return {
      frames: arrangement.frames.map((frame) =>
        frameOf(frame, places.get(frame.node) ?? newPlace(), states.get(frame.node) ?? 'unseen'),
      ),
      columns: arrangement.columns,
      lines: [...arrangement.rows],
      links: linksOf(rows, window, seconds, standings, draw),
      losses: lossesOf(rows, window, draw),
    };
  };
}

/** What rows tell of one node. */
interface Place {
  ends: Set<End>;
  devices: Map<string, Stop>;
}

const newPlace = (): Place => ({ ends: new Set(), devices: new Map() });

function placesOf(rows: readonly Row[], nodes: Mapping['nodes']): Map<string, Place> {
  const places = new Map(nodes.map(({ name }) => [name, newPlace()]));
  const at = (node: string): Place => {
    let place = places.get(node);
    if (!place) places.set(node, (place = newPlace()));
    return place;
  };
  const note = (vertex: Vertex): void => {
    if (isEnd(vertex)) at(vertex.node).ends.add(vertex);
    else at(vertex.node).devices.set(vertex.device, vertex);
  };
  const noted = new Set<object>();
  const isNew = (part: object): boolean => noted.size !== noted.add(part).size;
  for (const { shape } of rows) {
    const { steps, outward, loss } = tripOf(shape);
    // In the order of leaving packets first: it decides who stands before whom.
    if (isNew(outward)) outward.forEach(note);
    for (const step of steps) if (isNew(step)) [step.from, step.to].forEach(note);
    if (loss) note(loss.at);
  }
  return places;
}

function presentOf(node: string, { ends, devices }: Place): Present {
  const stops = [...devices.values()];
  return {
    node,
    groups: (level) => new Set(Array.from(ends, (end) => groupOf(end, level).key)),
    devices: Array.from({ length: COLUMNS }, (_, column) =>
      stops.filter((stop) => columnOf(stop) === column).map(({ device }) => device),
    ),
  };
}

function columnOf({ kind }: Stop): number {
  if (kind === 'bridge') return 0;
  if (kind === 'uplink' || kind === 'physical') return 3;
  return kind === 'pod' || kind === 'veth' || kind === 'other' ? 1 : 2;
}

const groupId = (node: string, key: string): string => `${node}/${key}`;
const deviceId = (node: string, device: string): string => `${node}//${device}`;
const deviceWords = (node: string, device: string): string[] => [nameWord('node', node), nameWord('device', device)];

function drawn(vertex: Vertex, frames: ReadonlyMap<string, Frame>): Drawn {
  const { node } = vertex;
  if (!isEnd(vertex)) return { id: deviceId(node, vertex.device), words: deviceWords(node, vertex.device) };
  const { key, words } = groupOf(vertex, frames.get(node)?.level ?? 'node');
  return { id: groupId(node, key), words };
}

function frameOf(frame: Frame, place: Place, state: FrameState): MapFrame {
  const { node, level, slots, devices } = frame;
  return {
    node,
    state,
    level,
    groups: groupsOf(place.ends, frame, new Map(slots[level]?.map((key, slot) => [key, slot]))),
    devices: devices.flatMap((names, column) =>
      names.flatMap((name, at): MapDevice[] => {
        const stop = place.devices.get(name);
        return stop
          ? [{ id: deviceId(node, name), name, kind: stop.kind, column, place: at, words: deviceWords(node, name) }]
          : [];
      }),
    ),
  };
}

interface Members {
  group: GroupKind;
  who: Set<string>;
  devices: Set<string>;
}

function groupsOf(ends: Iterable<End>, { node, level }: Frame, slots: ReadonlyMap<string, number>): MapGroup[] {
  const all = new Map<string, Members>();
  for (const end of ends) {
    const group = groupOf(end, level);
    let members = all.get(group.key);
    if (!members) all.set(group.key, (members = { group, who: new Set(), devices: new Set() }));
    members.who.add(groupOf(end, levels[0]).key);
    if (end.device) members.devices.add(end.device);
  }
  return [...all.values()].flatMap(({ group: { key, ...group }, who, devices }): MapGroup[] => {
    const slot = slots.get(key);
    const [device] = devices.size === 1 ? devices : [''];
    return slot === undefined ? [] : [{ ...group, id: groupId(node, key), slot, count: who.size, device }];
  });
}
