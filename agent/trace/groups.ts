/** Paths of one kind together: same ends, same hops, same class of packets. Percentiles from exact histograms. */
import { createHistogram, observe, type Histogram } from '../histogram/histogram.ts';
import { formatAddress } from '../paths/addresses.ts';
import { flowAt, type PathView } from '../paths/view.ts';
import { directionName, protocolName, tunnelName } from '../paths/words.ts';
import type { Subject } from './filter.ts';

export interface GroupHop {
  node: string;
  device: string;
}

export interface Group {
  source: string;
  destination: string;
  /** What the source addressed, where that is not who got it. */
  addressed: string;
  protocol: string;
  /** Super-packets and single segments share no percentile: the comparison would measure offloads. */
  isSuper: boolean;
  hops: GroupHop[];
  segments: { name: string; isSleeved: boolean; isWire: boolean; times: Histogram; bounds: Histogram }[];
  total: Histogram;
  totalBounds: Histogram;
  /** Joined paths, from which the percentiles are; those among them without a total, for want of a clock. */
  count: number;
  unknown: number;
  tunnel: string;
  tunnelBytes: number;
  /** Inner bytes of all wire packets, and their number, for the percentage. */
  innerBytes: number;
  innerCount: number;
}

export interface Groups {
  add(view: PathView): void;
  /** Most frequent first. */
  list(): Group[];
  /** Joined paths that found no place: there are too many kinds. */
  left(): number;
}

const sleeved = new Set(['encap', 'wire', 'decap']);

export const sourceOf = (view: PathView, hop: number): string =>
  formatAddress(view.frames[hop].source, 4 * flowAt(view, hop));
export const destinationOf = (view: PathView, hop: number): string =>
  formatAddress(view.frames[hop].destination, 4 * flowAt(view, hop));

export const deviceName = (view: PathView, hop: number): string =>
  view.devices[hop]?.name ?? `if${view.frames[hop].ifindex[view.rows[hop]]}`;

/** What filters look at. */
export function subjectOf(view: PathView): Subject {
  const subject: Subject = { protocol: protocolName(view.protocol), addresses: [], ports: [], names: [] };
  for (let hop = 0; hop < view.hopCount; hop++) {
    const flow = flowAt(view, hop);
    const frame = view.frames[hop];
    subject.addresses.push(sourceOf(view, hop), destinationOf(view, hop));
    subject.ports.push(frame.sourcePort[flow], frame.destinationPort[flow]);
    subject.names.push(view.streams[hop].name, deviceName(view, hop));
  }
  return subject;
}

/** Groups of the joined and unambiguous among the paths that are added. */
export function createGroups(maxGroups = 4096): Groups {
  const groups = new Map<string, Group>();
  let left = 0;
  return {
    add(view) {
      if (!view.hasEntry || !view.hasLast || view.ambiguous) return;
      const key = keyOf(view);
      let group = groups.get(key);
      if (!group && groups.size >= maxGroups) left++;
      else {
        if (!group) groups.set(key, (group = newGroup(view)));
        addTo(group, view);
      }
    },
    list: () => [...groups.values()].sort((a, b) => b.count - a.count),
    left: () => left,
  };
}

function keyOf(view: PathView): string {
  let key = `${view.protocol} ${view.wirePackets > 1} ${view.tunnel}`;
  const last = view.hopCount - 1;
  for (const [hop, end] of [[0, 'source'], [0, 'destination'], [last, 'destination']] as const) {
    const words = view.frames[hop][end];
    const at = 4 * flowAt(view, hop);
    key += ` ${words[at]},${words[at + 1]},${words[at + 2]},${words[at + 3]}`;
  }
  for (let hop = 0; hop <= last; hop++) {
    const row = view.rows[hop];
    key += ` ${view.streams[hop].node}:${view.frames[hop].ifindex[row]}${directionName(view.frames[hop].direction[row])}`;
  }
  return key;
} // prettier-ignore

function newGroup(view: PathView): Group {
  const last = view.hopCount - 1;
  const destination = destinationOf(view, last);
  const addressed = destinationOf(view, 0);
  return {
    source: sourceOf(view, 0),
    destination,
    addressed: addressed === destination ? '' : addressed,
    protocol: protocolName(view.protocol),
    isSuper: view.wirePackets > 1,
    hops: Array.from({ length: view.hopCount }, (_, hop) => ({
      node: view.streams[hop].name,
      device: deviceName(view, hop),
    })),
    segments: Array.from({ length: last }, (_, at) => ({
      name: view.names[at],
      isSleeved: view.tunnel > 0 && sleeved.has(view.names[at]),
      isWire: view.names[at] === 'wire',
      times: createHistogram(),
      bounds: createHistogram(),
    })),
    total: createHistogram(),
    totalBounds: createHistogram(),
    count: 0,
    unknown: 0,
    tunnel: tunnelName(view.tunnel),
    tunnelBytes: view.tunnelBytes,
    innerBytes: 0,
    innerCount: 0,
  };
}

function addTo(group: Group, view: PathView): void {
  group.count++;
  group.segments.forEach((segment, at) => {
    if (Number.isNaN(view.durationsNs[at])) return;
    observe(segment.times, view.durationsNs[at]);
    if (segment.isWire) observe(segment.bounds, view.boundsNs[at]);
  });
  if (Number.isNaN(view.totalNs) || Number.isNaN(view.totalBoundNs)) group.unknown++;
  else {
    observe(group.total, view.totalNs);
    observe(group.totalBounds, view.totalBoundNs);
  }
  if (view.tunnelBytes === 0) return;
  group.innerBytes += view.innerBytes;
  group.innerCount++;
}
