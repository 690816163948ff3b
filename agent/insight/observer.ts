/** Paths in, insight out: what a viewer keeps beside its assembler. */
import { bucketOf } from '../histogram/histogram.ts';
import { labelWithPort, type Name } from '../names/name.ts';
import { formatEndpoint } from '../paths/addresses.ts';
import { Arrival } from '../paths/arrivals.ts';
import type { Summary } from '../paths/counting.ts';
import { Disorderly } from '../paths/disorder.ts';
import { viewerMs } from '../paths/streams.ts';
import type { PathView } from '../paths/view.ts';
import { Direction, Kind } from '../paths/words.ts';
import { describeLoss, isLost } from '../trace/losses.ts';
import { pathKey } from '../trace/shape-key.ts';
import { deviceName, serviceOf, shapeOf } from '../trace/shape.ts';
import type { Insight } from './explain.ts';
import { Count, countsOf, timesOf, Whole, wholeOf, type Coverage, type Disordered, type Figures, type Lane, type LaneHop, type LaneWay, type NodeFigures } from './figures.ts'; // prettier-ignore
import { createStore, WINDOW_SECONDS } from './store.ts';
import { standingsOf, type Standing } from './standings.ts';
import { createWatch } from './watch.ts';
import { createWays } from './ways.ts';

export interface Observer {
  /** What the reader calls the path, where it has a name. */
  see(view: PathView, name?: string): void;
  /** What hurts by now; looks again when a second has passed. */
  turn(nowMs: number, summary: Summary, nodes: readonly NodeFigures[]): Insight;
  /** How segments stood against their normal when it last looked; none while it learns. */
  standings(): Standing[];
}

/** `originMs`: the wall's time when the viewer's clock was 0; `maxLanes`: ways that are watched. */
export function createObserver(originMs = 0, maxLanes?: number): Observer {
  const store = createStore(maxLanes);
  const watch = createWatch();
  const ways = createWays();
  const coverage = createCoverage();
  let latest = -Infinity;
  let insight: Insight | undefined;
  let figures: Figures | undefined;

  return {
    see(view, name = '') {
      const isFragment = isCutHere(view);
      if (!isTold(view) && !isFragment) return;
      const loss = isLost(view) ? describeLoss(view) : '';
      const key = pathKey(view, isFragment ? `${loss} cut` : loss);
      const lane = store.lane(key, () => wayOf(view, loss, isFragment, name));
      const second = secondOf(view, originMs);
      if (lane) note(store.add, lane, view, second);
      else store.pass(second);
    },
    turn(nowMs, summary, nodes) {
      const second = Math.floor((nowMs + originMs) / 1000);
      if (insight && second <= latest) return insight;
      latest = second;
      store.turn(second, watch.isQuiet());
      figures = store.figures(nodes, coverage(second, summary));
      insight = watch.turn(figures);
      if (figures.before.length >= figures.wanted) ways.note(figures, second);
      return insight;
    },
    standings: () => (figures ? standingsOf(figures, ways) : []),
  };
}

/** Ways that are whole, that end with a loss, or that were copied on. */
const isTold = (view: PathView): boolean =>
  view.ambiguous
    ? view.disorder.subarray(0, view.hopCount).some(Boolean)
    : (view.hasEntry && view.hasLast) || isLost(view);

/** A fragment that no pod sent: the node cut it up, before the first hop that saw it. */
function isCutHere(view: PathView): boolean {
  if (view.kind !== Kind.fragment || view.hasEntry || view.ambiguous || view.hopCount === 0) return false;
  return view.frames[0].direction[view.rows[0]] === Direction.egress;
}

function secondOf(view: PathView, originMs: number): number {
  const first = view.frames[0];
  return Math.floor((viewerMs(first.stream, first.baseNs + first.timeNs[view.rows[0]]) + originMs) / 1000);
}

type Add = (second: number, series: number, bucket: number) => void;

function note(add: Add, lane: Lane, view: PathView, second: number): void {
  lane.lastSecond = Math.max(lane.lastSecond, second);
  if (!view.ambiguous) add(second, wholeOf(lane), Whole.packets);
  const isAgain = view.hopCount > 0 && view.frames[0].arrival[view.rows[0]] & Arrival.again;
  if (!view.ambiguous && lane.loss === '' && isAgain) add(second, wholeOf(lane), Whole.resent);
  lane.segments.forEach((name, segment) => {
    const durationNs = view.durationsNs[segment];
    if (!view.ambiguous && lane.loss === '' && !Number.isNaN(durationNs)) add(second, timesOf(lane, segment), bucketOf(durationNs));
    if (name === 'wire') lane.relativeBoundNs = view.relativeBoundsNs[segment];
    for (const what of disordered) {
      if (view.disorder[segment] & Disorderly[what]) add(second, countsOf(lane, segment), Count[what]);
    }
  });
} // prettier-ignore

const disordered = Object.keys(Count) as Disordered[];

function wayOf(view: PathView, loss: string, isFragment: boolean, name: string): LaneWay {
  const { source, destination, addressed, ends, protocol, hops, segments } = shapeOf(view);
  const { service, isRequest } = serviceOf(view);
  // Whoever serves is known by the address that its clients use, in both directions.
  const from = called(ends.answering ?? ends.source, source, isRequest ? 0 : service);
  const to = called(addressed ? ends.addressed : ends.destination, addressed || destination, isRequest ? service : 0);
  return {
    path: `${protocol} ${from} ▶ ${to}`,
    source: called(ends.source, source, 0),
    service: service > 0 ? (isRequest ? to : from) : '',
    hops: hops.length > 0 ? hops.map(({ node, device, kind, direction }) => ({ node, device, kind, direction })) : [dropHop(view)],
    segments: segments.map((segment) => segment.name),
    loss,
    isFragment,
    name,
  }; // prettier-ignore
}

/** @param port that it serves; 0 for none */
const called = (name: Name | undefined, address: string, port: number): string =>
  name ? labelWithPort(name, port) : formatEndpoint(address, port);

/** Where a packet was dropped that no hop had seen. */
const dropHop = (view: PathView): LaneHop => ({
  node: view.streams[0].name,
  device: deviceName(view, 0),
  kind: view.devices[0]?.kind ?? 'other',
  direction: 'ingress',
});

/** What was counted in about the window now: the assembler counts since its beginning. */
function createCoverage(): (second: number, summary: Summary) => Coverage {
  let points: (Coverage & { second: number })[] = [];
  return (second, { joinable, joinableJoined, sampled, lostByUs }) => {
    points.push({ second, joinable, joinableJoined, sampled, lostByUs });
    points = points.filter((point) => point.second >= second - WINDOW_SECONDS);
    const [from] = points;
    return {
      joinable: joinable - from.joinable,
      joinableJoined: joinableJoined - from.joinableJoined,
      sampled: sampled - from.sampled,
      lostByUs: lostByUs - from.lostByUs,
    };
  };
}
