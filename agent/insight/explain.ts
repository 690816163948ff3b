/** Figures in, what hurts out. Nothing is remembered here: what is said twice and taken back is watch.ts's. */
import { CELLS_PER_SERIES, cellKey, lowerBound, type Cells } from '../histogram/cells.ts';
import { bucketMiddle, createHistogram, observe, quantile } from '../histogram/histogram.ts';
import { choose, type Choice } from './choose.ts';
import { countAt, tallyAll, type Element } from './element.ts';
import { wholeOf, Whole, type Coverage, type Figures, type Lane, type NodeFigures, type Second } from './figures.ts';
import { measureShares } from './losses.ts';
import type { Place } from './places.ts';
import { sinceWhen } from './since.ts';
import { LEAST_BEFORE, LEAST_NOW, LEAST_SECONDS, severity, type Symptom } from './thresholds.ts';
import { measureTimes } from './times.ts';

export interface Finding {
  /** Equal as long as it is the same finding. */
  key: string;
  symptom: Symptom | 'unmeasured';
  place: Place;
  /** In words, where there are some: the reason of a drop. */
  detail: string;
  /** Wall milliseconds of the second in which it began. */
  sinceMs: number;
  /** Of times: which quantile, what it is and was, and by how much a clock may have moved meanwhile. */
  quantile: number;
  nowNs: number;
  beforeNs: number;
  boundNs: number;
  /** Of packets: the shares. */
  shareNow: number;
  shareBefore: number;
  /** Packets that it rests on. */
  packets: number;
  /** Paths that share it; what the reader calls their lanes, the worst first. */
  paths: string[];
  lanes: string[];
}

export interface Basis {
  /** Slices of the window before that are held, of those wanted. */
  slices: number;
  wanted: number;
  /** Paths with packets now, and those among them that could be compared. */
  paths: number;
  compared: number;
  packets: number;
  /** Of paths beyond those that are watched. */
  unwatched: number;
  coverage: Coverage;
  /** Why little can be told, in words. */
  thin: string[];
}

export interface Insight {
  findings: Finding[];
  basis: Basis;
}

export function explain(figures: Figures): Insight {
  const basis = basisOf(figures);
  if (basis.slices < basis.wanted) return { findings: [], basis };
  const elements = [...measureTimes(figures), ...measureShares(figures)];
  const choices = (Object.keys(severity) as Symptom[]).flatMap((symptom) =>
    choose(elements.filter((element) => element.symptom === symptom)),
  );
  const recent = choices.length > 0 ? figures.recent() : [];
  const findings = choices.flatMap((choice) => findingOf(choice, figures, recent) ?? []);
  return { findings: [...withoutEchoes(findings).sort(worseFirst), ...unmeasured(figures)], basis };
}

/** Undefined when it shows in too few seconds. */
function findingOf({ key, place, elements }: Choice, figures: Figures, recent: readonly Second[]): Finding | undefined {
  const [{ symptom, quantile: which, detail }] = elements;
  const { past } = figures;
  const now = symptom === 'slow' ? figures.now : figures.nowSettled;
  const tallies = recent.map((cells) => ({ second: cells.second, ...tallyAll(elements, cells) }));
  const [is, was] = [tallyAll(elements, now), tallyAll(elements, past)];
  const since = sinceWhen(tallies, was.of > 0 ? was.bad / was.of : 0, is.bad / is.of);
  if (tallies.filter(({ second, bad }) => second >= since && bad > 0).length < LEAST_SECONDS) return undefined;
  const worst = elements.toSorted((a, b) => b.excess - a.excess);
  return {
    key: `${symptom} ${key}`, symptom, place, detail, sinceMs: since * 1000,
    quantile: which, nowNs: quantileOf(elements, now), beforeNs: quantileOf(elements, past),
    boundNs: Math.max(0, ...elements.filter(({ stretch }) => stretch.name === 'wire').map(({ lane }) => lane.relativeBoundNs)),
    shareNow: is.bad / is.of, shareBefore: was.of > 0 ? was.bad / was.of : 0, packets: is.of,
    paths: [...new Set(worst.map(({ lane }) => lane.path))], lanes: [...new Set(worst.map(({ lane }) => lane.name))],
  }; // prettier-ignore
}

/** Of all values of the elements' series; NaN of what is no time. */
function quantileOf(elements: readonly Element[], { keys, counts }: Cells): number {
  const all = createHistogram();
  for (const { symptom, series } of elements) {
    if (symptom !== 'slow') continue;
    const to = cellKey(series + 1, 0);
    for (let at = lowerBound(keys, cellKey(series, 0)); keys[at] < to; at++) {
      observe(all, bucketMiddle(keys[at] % CELLS_PER_SERIES), counts[at]);
    }
  }
  return quantile(all, elements[0].quantile);
}

export const weight = ({ symptom, paths }: Finding): number =>
  symptom === 'unmeasured' ? 0 : severity[symptom] * paths.length;
const worseFirst = (a: Finding, b: Finding): number => weight(b) - weight(a);

/** Where packets are lost they are sent again and come late: that is not told beside it. */
function withoutEchoes(findings: readonly Finding[]): Finding[] {
  const causes = findings.filter(({ symptom }) => symptom === 'loss' || symptom === 'fragmented');
  const lossy = new Set(causes.flatMap(({ paths }) => paths));
  const isEcho = ({ symptom, paths }: Finding): boolean => {
    if (symptom === 'resent') return findings.some((other) => other.symptom === 'retransmitted') || lossy.has(paths[0]);
    return (symptom === 'retransmitted' || symptom === 'reordered') && paths.every((path) => lossy.has(path));
  };
  return findings.filter((finding) => !isEcho(finding));
}

/** Nodes whose agent is silent: what passed them is not seen, which is neither good nor bad. */
function unmeasured({ nodes, lanes, past }: Figures): Finding[] {
  const touching = ({ name }: NodeFigures): Lane[] =>
    lanes.filter((lane) => lane.hops.some(({ node }) => node === name) && packetsOf(lane, past) > 0);
  // Of all at once it is the reader who hears nothing.
  if (!nodes.some(({ isUp }) => isUp)) return [];
  return nodes
    .filter(({ isUp }) => !isUp)
    .map((node) => ({
      key: `unmeasured ${node.name}`, symptom: 'unmeasured', detail: '', sinceMs: node.sinceMs,
      place: { scope: 'node', segment: '', nodes: [node.name], device: '', who: '' },
      quantile: NaN, nowNs: NaN, beforeNs: NaN, boundNs: 0, shareNow: NaN, shareBefore: NaN, packets: 0,
      paths: [...new Set(touching(node).map(({ path }) => path))], lanes: touching(node).map(({ name }) => name),
    })); // prettier-ignore
}

const packetsOf = (lane: Lane, cells: Cells): number => countAt(cells, wholeOf(lane), Whole.packets);

function basisOf({ lanes, now, before, past, wanted, coverage, nodes, unwatched }: Figures): Basis {
  const present = lanes.filter((lane) => packetsOf(lane, now) > 0);
  const comparable = present.filter(
    (lane) => packetsOf(lane, now) >= LEAST_NOW && packetsOf(lane, past) >= LEAST_BEFORE,
  );
  const count = (some: readonly Lane[]): number => new Set(some.map(({ path }) => path)).size;
  const basis = {
    slices: before.length,
    wanted,
    paths: count(present),
    compared: count(comparable),
    packets: present.reduce((all, lane) => all + packetsOf(lane, now), 0),
    unwatched,
    coverage,
  };
  return { ...basis, thin: thinness(basis, nodes) };
}

/** Less than this share joined, or more lost by ourselves, and the sample is no fair one. */
const LEAST_JOINED = 0.95;
const MOST_LOST_BY_US = 0.02;
const LEAST_JOINABLE = 100;

function thinness(
  { packets, compared, slices, wanted, coverage }: Omit<Basis, 'thin'>,
  nodes: readonly NodeFigures[],
): string[] {
  const { joinable, joinableJoined, sampled, lostByUs } = coverage;
  const percent = (part: number, of: number): string => `${Math.floor((1000 * part) / of) / 10} %`;
  const thin: string[] = [];
  if (packets === 0) thin.push(nodes.some(({ isUp }) => isUp) ? 'no packets came' : 'no agent speaks');
  else if (compared === 0 && slices >= wanted) thin.push('too few packets on any path to compare them');
  if (joinable >= LEAST_JOINABLE && joinableJoined < LEAST_JOINED * joinable)
    thin.push(`only ${percent(joinableJoined, joinable)} of the packets could be joined`);
  if (sampled >= LEAST_JOINABLE && lostByUs > MOST_LOST_BY_US * sampled)
    thin.push(`${percent(lostByUs, sampled)} of the packets were lost by us, not by the network`);
  return thin;
}
