/** What runs between two places of the map, or within one, summed over rows. */
import { boundOf } from '../figures.ts';
import { seriesOf, Series, type Row } from '../rows.ts';
import type { Window } from '../window.ts';
import { compare, comparedOf, newComparison, standingKey, type Comparison, type Standings } from './compare.ts';
import { tripOf, type Step, type Vertex } from './trip.ts';
import type { MapLink, MapLoss } from './view.ts';

export interface Drawn {
  id: string;
  words: string[];
}

/** What stands for a place of a trip. */
export type Draw = (vertex: Vertex) => Drawn;

interface Gathered {
  link: MapLink;
  series: number[];
  nat: Set<string>;
  comparison: Comparison;
  /** Each direction by itself, by the end to which it leads. */
  towards: Map<string, Comparison>;
}

/** @param seconds that the window covers by now */
export function linksOf(
  rows: readonly Row[],
  window: Window,
  seconds: number,
  standings: Standings,
  draw: Draw,
): MapLink[] {
  const links = new Map<string, Gathered>();
  /** Very many rows have the same steps. */
  const known = new Map<Step, Part>();
  for (const row of rows) {
    const packets = window.count(seriesOf(row, Series.joined)) + window.count(seriesOf(row, Series.lost));
    const bytesPerSecond = window.count(seriesOf(row, Series.bytes)) / seconds;
    for (const step of tripOf(row.shape).steps) {
      let part = known.get(step);
      if (!part) known.set(step, (part = partOf(linkOf(links, step, draw), draw(step.to).id)));
      part.gathered.link.packets += packets;
      part.gathered.link.bytesPerSecond += bytesPerSecond;
      if (step.segment >= 0) addTimes(part, row, step, window, standings);
    }
  }
  return [...links.values()].map((gathered) => finish(gathered, window));
}

/** What a step adds to. */
interface Part {
  gathered: Gathered;
  towards: Comparison;
}

function partOf(gathered: Gathered, to: string): Part {
  const towards = gathered.towards.get(to) ?? newComparison();
  gathered.towards.set(to, towards);
  return { gathered, towards };
}

function linkOf(links: Map<string, Gathered>, step: Step, draw: Draw): Gathered {
  const ends = [draw(step.from), draw(step.to)].sort((a, b) => (a.id < b.id ? -1 : 1));
  const [from, to] = ends;
  const id = `${from.id} ${to.id}`;
  let gathered = links.get(id);
  if (!gathered) {
    const words = [...new Set(step.isWire ? nodeWords(ends) : [...from.words, ...to.words])];
    const link: MapLink = {
      id, from: from.id, to: to.id, isWire: step.isWire, isTunnel: false, isSeen: false, slowTo: [], bytesPerSecond: 0, packets: 0,
      p50Ns: NaN, p99Ns: NaN, boundNs: 0, nat: [], words, ...comparedOf(newComparison()),
    }; // prettier-ignore
    links.set(id, (gathered = { link, series: [], nat: new Set(), comparison: newComparison(), towards: new Map() }));
  }
  return gathered;
}

/** Two nodes are asked for by themselves, whatever their devices. */
const nodeWords = (ends: readonly Drawn[]): string[] =>
  ends.flatMap(({ words }) => (words.some(isNode) ? words.filter(isNode) : words));
const isNode = (word: string): boolean => word.startsWith('node:');

function addTimes({ gathered, towards }: Part, row: Row, step: Step, window: Window, standings: Standings): void {
  const { link } = gathered;
  const series = row.base + step.segment;
  link.isSeen = true;
  link.isTunnel ||= step.isTunnel;
  if (step.isWire) link.boundNs = Math.max(link.boundNs, boundOf(row, window));
  if (step.nat) gathered.nat.add(step.nat);
  gathered.series.push(series);
  if (standings.size === 0) return;
  const standing = standings.get(standingKey(row.shape.name, step.segment));
  for (const sum of [gathered.comparison, towards]) compare(sum, window.count(series), standing);
}

function finish({ link, series, nat, comparison, towards }: Gathered, window: Window): MapLink {
  const [p50Ns, p99Ns] = window.quantiles(series, [0.5, 0.99]);
  const slowTo = [...towards].filter(([, { slow }]) => slow > 0).map(([to]) => to).sort(); // prettier-ignore
  return { ...link, p50Ns, p99Ns, nat: [...nat].sort(), slowTo, ...comparedOf(comparison) };
}

/** Open ends, those at one place as one. */
export function lossesOf(rows: readonly Row[], window: Window, draw: Draw): MapLoss[] {
  const losses = new Map<string, MapLoss & { byText: Map<string, number> }>();
  for (const row of rows) {
    const { loss } = tripOf(row.shape);
    if (!loss) continue;
    const at = draw(loss.at);
    const id = `${at.id} ${loss.isOutward}`;
    let one = losses.get(id);
    if (!one) {
      const words = [...at.words, `verdict:${row.shape.verdict}`];
      losses.set(id, (one = { id, at: at.id, isOutward: loss.isOutward, count: 0, texts: [], words, byText: new Map() }));
    }
    const lost = window.count(seriesOf(row, Series.lost));
    one.count += lost;
    one.byText.set(row.shape.loss, (one.byText.get(row.shape.loss) ?? 0) + lost);
  }
  return [...losses.values()].map(({ byText, ...loss }) => ({ ...loss, texts: mostFrequent(byText) }));
} // prettier-ignore

const mostFrequent = (counts: ReadonlyMap<string, number>): string[] =>
  [...counts].sort(([, a], [, b]) => b - a).map(([text]) => text);
