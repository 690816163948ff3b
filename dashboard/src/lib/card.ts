/** What the inspector says of whatever was clicked: figures, what they mean, and the next question. Pure. */
import { formatCount, formatNs, formatWire, round3 } from '../../../agent/trace/numbers.ts';
import type { Exchange, Packet } from '../../../agent/packets/packet.ts';
import { packetLabel } from '../../../agent/packets/waterfall.ts';
import { explainLoss, type LossWords } from '../../../agent/trace/loss-words.ts';
import type { NodeHealth } from '../worker/health.ts';
import type { Beside } from '../worker/beside.ts';
import type { View } from '../worker/messages.ts';
import type { RowShape } from '../worker/rows.ts';
import { sentenceOf } from './compare.ts';
import { exactNs, formatBytes } from './format.ts';
import { askDevice, askNode, askSegment, type Question } from './next-question.ts';
import type { Place } from './place.ts';
import { segmentPlace, type Figures } from './row.ts';
import { isSame, type Subject } from './subject.ts';

export interface Fact {
  what: string;
  value: string;
  exactly?: string;
}

export interface Card {
  kind: string;
  title: string;
  facts: Fact[];
  sentences: string[];
  question: Question | undefined;
}

/** The path in focus, as far as it is known. */
export interface Focused {
  shape: RowShape | undefined;
  figures: Figures | undefined;
  /** How what is looked at stands beside the other paths; of what was looked at before, until the worker has answered. */
  beside: Beside | undefined;
}

interface Sight {
  shape: RowShape;
  figures: Figures;
  beside: Beside | undefined;
}

const fact = (what: string, valueNs: number, boundNs = 0): Fact => ({
  what,
  value: Number.isNaN(valueNs) ? 'unknown' : formatWire(valueNs, boundNs),
  exactly: exactNs(valueNs),
});

/** Of what was clicked; else of the packet that is open, or of the loss in focus. */
export function cardFor(
  { inspect, packet }: Pick<Place, 'inspect' | 'packet'>,
  { nodes, packet: open }: Pick<View, 'nodes' | 'packet'>,
  { shape, figures, beside }: Focused,
): Card | undefined {
  if (inspect) return cardOf(inspect, { shape, figures, beside }, nodes);
  const exchange = open?.name === packet ? open?.exchange : undefined;
  if (exchange && !exchange.packet.loss) return packetCard(exchange, figures);
  return shape?.isLost ? lossCard(shape, figures?.lost ?? 0) : undefined;
}

/** Undefined where the path has no such segment or hop (any more), or nobody knows the node. */
export function cardOf(subject: Subject, focused: Focused, nodes: readonly NodeHealth[]): Card | undefined {
  if (subject.kind === 'node') {
    const node = nodes.find(({ name }) => name === subject.name);
    return node && nodeCard(node);
  }
  const { shape, figures, beside } = focused;
  if (!shape || !figures) return undefined;
  const sight = { shape, figures, beside: beside && isSame(beside.subject, subject) ? beside : undefined };
  if (subject.kind === 'segment') return shape.segments[subject.at] && segmentCard(sight, subject.at);
  return shape.hops[subject.at] && hopCard(sight, subject.at);
}

function segmentCard({ shape, figures, beside }: Sight, at: number): Card {
  const { name, isWire } = shape.segments[at];
  const [from, to] = [shape.hops[at], shape.hops[at + 1]];
  const boundNs = isWire ? figures.boundNs : 0;
  const [p50Ns, p99Ns] = [figures.segmentP50Ns[at], figures.segmentP99Ns[at]];
  const share = p50Ns / figures.p50Ns;
  return {
    kind: 'segment',
    title: `${name}, ${segmentPlace(shape, at)}`,
    facts: [
      { what: 'between', value: `${from.device} and ${to.device}` },
      fact('p50', p50Ns, boundNs),
      fact('p99', p99Ns, boundNs),
      { what: 'clock', value: isWire ? `±${formatNs(boundNs)}` : 'one: exact' },
      { what: 'packets', value: formatCount(figures.joined + figures.lost) },
      ...(share > 0 ? [{ what: 'beside p50 of the whole', value: `${round3(100 * share)} %` }] : []),
    ],
    sentences: beside?.stretches.map(({ comparison }) => sentenceOf(comparison)) ?? [],
    question: askSegment(name, from, to),
  };
}

function hopCard({ shape, figures, beside }: Sight, at: number): Card {
  const hop = shape.hops[at];
  const stretches = [at - 1, at].filter((segment) => shape.segments[segment] !== undefined);
  return {
    kind: 'device',
    title: `${hop.device} of ${hop.node}`,
    facts: [
      { what: 'is', value: `${hop.kind}, ${hop.direction}` },
      { what: 'sees', value: `${hop.source} ▸ ${hop.destination}` },
      ...(beside ? [{ what: 'paths through it', value: formatCount(beside.through) }] : []),
      ...stretches.map((segment) => ({
        ...fact(`${segment < at ? 'before' : 'behind'} it: ${shape.segments[segment].name} p99`, figures.segmentP99Ns[segment]),
      })),
    ],
    sentences: beside?.stretches.map(
      ({ segment, comparison }) => `${shape.segments[segment].name}: ${sentenceOf(comparison)}`,
    ) ?? [],
    question: askDevice(hop),
  }; // prettier-ignore
}

function nodeCard(node: NodeHealth): Card {
  const lost = node.ringFull + node.capped + node.missed;
  return {
    kind: 'node',
    title: node.name,
    facts: [
      { what: 'agent', value: node.state },
      { what: 'follows', value: `1:${formatCount(2 ** node.exponent)}` },
      { what: 'clock', value: Number.isNaN(node.boundNs) ? 'unknown' : `±${formatNs(node.boundNs)}` },
      { what: 'lost by us', value: formatCount(lost) },
      { what: 'devices', value: `${node.devices - node.unattached} of ${node.devices} attached` },
      { what: 'costs', value: `${Number.isNaN(node.cpuPercent) ? '–' : `${round3(node.cpuPercent)} % CPU`}, ${formatBytes(node.memoryBytes)}` },
    ],
    sentences: node.error ? [node.error] : [],
    question: askNode(node),
  }; // prettier-ignore
}

/** Of the packet that is open: where most of its time went, against its path. */
function packetCard({ packet }: Exchange, figures: Figures | undefined): Card {
  const longest = packet.segments.reduce(
    (best, { durationNs }, at) => (durationNs > (packet.segments[best]?.durationNs ?? -Infinity) ? at : best),
    -1,
  );
  const segment = packet.segments[longest];
  const usual = figures?.segmentP50Ns[longest] ?? NaN;
  return {
    kind: 'packet',
    title: packetLabel(packet),
    facts: segment
      ? [
          { what: 'most of it in', value: segment.name },
          fact('took there', segment.durationNs, segment.boundNs),
          fact('p50 of its path there', usual, segment.boundNs),
          fact('p99', figures?.segmentP99Ns[longest] ?? NaN, segment.boundNs),
        ]
      : [],
    sentences: [],
    question: segment && askSegment(segment.name, packet.hops[longest], packet.hops[longest + 1]),
  };
}

type Lost = Pick<Packet, 'verdict' | 'drop'>;

/** What its loss means and what to look at. */
export const explained = ({ verdict, drop }: Lost): LossWords =>
  explainLoss({
    verdict,
    reason: drop?.reason ?? '',
    symbol: drop?.symbol ?? '',
    hook: drop?.hook ?? null,
    inPod: drop?.inPod ?? false,
  });

/** Of packets that did not arrive: where and why, by what evidence. */
export function lossCard(shape: Lost & Pick<RowShape, 'loss' | 'hops'>, lost: number): Card {
  const { drop, verdict, hops, loss } = shape;
  const last = hops.at(-1);
  const { means, look } = explained(shape);
  const known = (what: string, value: string | null | undefined): Fact[] => (value ? [{ what, value }] : []);
  return {
    kind: verdict === 'dropped' ? 'drop' : 'loss',
    title: loss,
    facts: [
      ...(lost > 0 ? [{ what: 'packets', value: formatCount(lost) }] : []),
      ...known('reason', drop?.reason),
      ...known('freed by', drop?.symbol),
      ...known('netfilter hook', drop?.hook),
      ...known('called from', drop?.stack.slice(1).join(' ◂ ')),
      ...known('last seen at', last && `${last.node} ${last.device}`),
    ],
    sentences: [means, `Look at: ${look}`],
    question: undefined,
  };
}
