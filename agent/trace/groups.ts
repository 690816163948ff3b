/** Paths of one kind together: same ends, same hops, same class of packets. Percentiles from exact histograms. */
import { createHistogram, observe, type Histogram } from '../histogram/histogram.ts';
import { representedPackets } from '../paths/estimate.ts';
import type { PathView } from '../paths/view.ts';
import { shapeKey } from './shape-key.ts';
import { shapeOf, type Shape } from './shape.ts';

export interface Group extends Omit<Shape, 'segments'> {
  segments: (Shape['segments'][number] & { times: Histogram; bounds: Histogram })[];
  total: Histogram;
  totalBounds: Histogram;
  /** Joined paths, from which the percentiles are; those among them without a total, for want of a clock. */
  count: number;
  unknown: number;
  /** Inner bytes of all wire packets, and their number, for the percentage. */
  innerBytes: number;
  innerPackets: number;
}

export interface Groups {
  add(view: PathView): void;
  /** Most frequent first. */
  list(): Group[];
  /** Joined paths that found no place: there are too many kinds. */
  left(): number;
}

/** Groups of the joined and unambiguous among the paths that are added. */
export function createGroups(maxGroups = 4096): Groups {
  const groups = new Map<string, Group>();
  let left = 0;
  return {
    add(view) {
      if (!view.hasEntry || !view.hasLast || view.ambiguous) return;
      const key = shapeKey(view);
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

function newGroup(view: PathView): Group {
  const shape = shapeOf(view);
  return {
    ...shape,
    segments: shape.segments.map((segment) => ({ ...segment, times: createHistogram(), bounds: createHistogram() })),
    total: createHistogram(),
    totalBounds: createHistogram(),
    count: 0,
    unknown: 0,
    innerBytes: 0,
    innerPackets: 0,
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
  // A sample of bytes has more marks of big packets than of small ones: each counts as the packets that it stands for.
  const wirePackets = representedPackets(view) * Math.max(1, view.wirePackets);
  group.innerBytes += view.innerBytes * wirePackets;
  group.innerPackets += wirePackets;
}
