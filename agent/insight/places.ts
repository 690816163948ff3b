/** All places at which one element lies, from one stretch to the whole cluster: what could be at fault. */
import type { SegmentName } from '../paths/segments.ts';
import type { Element } from './element.ts';
import { hopKey, stretchKey } from './element.ts';
import type { LaneHop } from './figures.ts';

/** In the order of preference where two explain a change equally well: what one can go and look at comes first. */
export const scopes = [
  'stretch', 'device', 'link', 'segment of node', 'pod', 'segment of path', 'path', 'segment of service', 'service', 'node', 'segment', 'all',
] as const; // prettier-ignore
export type Scope = (typeof scopes)[number];

export interface Place {
  scope: Scope;
  segment: SegmentName | '';
  /** Two where it lies between nodes, in the direction of the packets; none where it is everywhere. */
  nodes: string[];
  device: string;
  /** Who to whom, who, or which Service. */
  who: string;
}

export interface Candidate {
  key: string;
  place: Place;
}

export function placesOf({ lane, stretch }: Element): Candidate[] {
  const { name, from, to } = stretch;
  const ends = to === undefined ? [from] : [from, to];
  const nodes = [...new Set(ends.map(({ node }) => node))];
  const at = (scope: Scope, key: string, more: Partial<Place> = {}): Candidate => ({
    key: `${scope} ${key}`,
    place: { scope, segment: name, nodes: [], device: '', who: '', ...more },
  });
  return [
    at('stretch', stretchKey(stretch), { nodes, device: deviceOf(from, to) }),
    ...ends.map((end) => at('device', `${name} ${deviceKey(end, nodes)}`, { nodes: [end.node], device: end.device })),
    ...(nodes.length === 2 ? [at('link', `${name} ${nodes.toSorted().join(' ')}`, { nodes })] : []),
    ...nodes.map((node) => at('segment of node', `${name} ${node}`, { nodes: [node] })),
    ...ends.filter(isPod).map((end) => at('pod', `${end.node} ${end.device}`, podPlace(end, lane.source))),
    at('segment of path', `${name} ${lane.path}`, { nodes, who: lane.path }),
    at('path', lane.path, { segment: '', who: lane.path }),
    ...serves(at, name, lane.service),
    ...nodes.map((node) => at('node', node, { segment: '', nodes: [node] })),
    at('segment', name),
    at('all', '', { segment: '' }),
  ];
}

/** Where nobody can tell which end serves there is no Service. */
const serves = (
  at: (scope: Scope, key: string, more: Partial<Place>) => Candidate,
  name: string,
  who: string,
): Candidate[] =>
  who === '' ? [] : [at('segment of service', `${name} ${who}`, { who }), at('service', who, { segment: '', who })];

const isPod = ({ kind }: LaneHop): boolean => kind === 'pod';

const podPlace = ({ node, device }: LaneHop, who: string): Partial<Place> => ({
  segment: '',
  nodes: [node],
  device,
  who,
});

/** A device's two ways are two things where it leads to other nodes, and one within its node. */
const deviceKey = (end: LaneHop, nodes: readonly string[]): string =>
  nodes.length === 2 ? hopKey(end) : `${end.node} ${end.device}`;

/** The device that a stretch of one node belongs to: the pod's, else the one towards other nodes. */
function deviceOf(from: LaneHop, to: LaneHop | undefined): string {
  if (to === undefined || from.node !== to.node || isPod(from)) return from.device;
  return isPod(to) ? to.device : rank(from) > rank(to) ? from.device : to.device;
}

const rank = ({ kind }: LaneHop): number => (kind === 'bridge' ? 0 : kind === 'uplink' || kind === 'physical' ? 1 : 2);
