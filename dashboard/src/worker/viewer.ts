/**
 * What is looked at of a session, and the view of it. Shown is a span of seconds, the last ones or a fixed one, and of the
 * rows those that the filter leaves.
 */
import type { Standing } from '../../../agent/insight/standings.ts';
import type { Assembler } from '../../../agent/paths/assemble.ts';
import { completeFilter, type Existing } from '../../../agent/trace/filter-complete.ts';
import { pathsCsv } from '../lib/csv.ts';
import { existingIn } from '../lib/existing.ts';
import { lengthOf, overlap, type Span } from '../lib/span.ts';
import { createBefore } from './before.ts';
import { besideOf } from './beside.ts';
import type { BySecond } from './by-second.ts';
import type { CounterHistory } from './counters.ts';
import type { Drops, DropsView } from './drops.ts';
import { nodeEncapsulation, pathEncapsulation, type NodeEncapsulation } from './encapsulation.ts';
import { createFigures } from './figures.ts';
import type { Health } from './health.ts';
import type { History } from './history.ts';
import type { KernelDrops } from './kernel-drops.ts';
import { createPathList, type PathList } from './list.ts';
import type { Marks } from '../../../agent/marks/marks.ts';
import type { Choices, Questions, View } from './messages.ts';
import { anyOf, type Packets } from './packets.ts';
import { createPictures } from './pictures.ts';
import type { Row, Rows } from './rows.ts';
import { TOTAL } from './segments.ts';
import { createSelection, type Selected } from './selection.ts';
import { createSeldom, type Wanted } from './seldom.ts';
import type { Shown } from './shown.ts';
import { createTimeline, type Chosen } from './timeline.ts';
import { nothingTold, type Told } from './told.ts';

/** What a session keeps. */
export interface Kept {
  history: History;
  shown: Shown;
  rows: Rows;
  drops: Drops;
  kernelDrops: KernelDrops;
  packets: Packets;
  marks: Marks;
  health: Health;
  counters: CounterHistory;
  told: BySecond<Told>;
  assembler: Pick<Assembler, 'summary' | 'intake'>;
  standings: () => Standing[];
}

/** Where a session's time stands. */
export interface Moment {
  nowMs: number;
  /** In which it began. */
  firstMs: number;
  latestSecond: number;
  /** After it nothing comes; Infinity while something may. */
  endSecond: number;
}

/** What can be asked of what is held. */
type Answered = Omit<Questions, 'source'>;

export interface Viewing {
  /** What is not named stays as it was chosen. A filter that cannot be parsed hides nothing. */
  choose(change: Partial<Choices>): void;
  list: Pick<PathList, 'see' | 'point' | 'move' | 'view'>;
  ask: { [K in keyof Answered]: (asked: Answered[K]['asked']) => Answered[K]['answer'] };
}

export interface Viewer {
  viewing: Viewing;
  /** A path was told. */
  count(): void;
  view(moment: Moment): View;
}

/** Of a second's packets nearly all have been told so much later. */
const SETTLE_SECONDS = 3;

/** Up to the end of which seconds the packets of a span were being told. */
const tellingOf = ({ from, to }: Span): [from: number, to: number] => [
  from - 1 + SETTLE_SECONDS,
  to - 1 + SETTLE_SECONDS,
];

export const secondOf = (atMs: number): number => Math.floor(atMs / 1000);

/** The seconds that are told by now. */
const settled = ({ nowMs, endSecond }: Moment): number => Math.min(secondOf(nowMs), endSecond) - SETTLE_SECONDS + 1;

const atHome: Choices = {
  window: 60, filter: '', focus: undefined, packet: undefined, show: 'ruler', finest: 'pod', span: undefined, axis: undefined,
  timeOf: undefined, segment: TOTAL, inspect: undefined,
  list: { sort: { by: 'p99', descending: true }, grouping: 'none', scale: 'sqrt' },
}; // prettier-ignore

export function createViewer(kept: Kept): Viewer {
  const { history, shown, rows, packets, health } = kept;
  const { window } = shown;
  const before = createBefore(history, rows);
  const timeline = createTimeline(history, kept.marks.within);
  const pictures = createPictures(kept.standings);
  const tunnels = createSeldom<NodeEncapsulation[]>();
  const countPairs = createSeldom<number>();
  const exist = createSeldom<Existing>();
  const all = (): Iterable<Row> => rows.all();
  const existingOfAll = (): Existing => existingIn([...all()].map(({ shape }) => shape));
  const selection = createSelection(rows, window);
  const list = createPathList();
  let choices = atHome;
  /** Of the span that is shown last. */
  let figures = createFigures({ window, before, seconds: 1, rows: all });
  /** Paths told since the span was fixed. */
  let since = 0;
  /** Of the last view. */
  let seenMs = 0;

  function choose(change: Partial<Choices>): void {
    choices = { ...choices, ...change };
    const { span } = choices;
    shown.setSeconds(choices.window);
    selection.setFilter(choices.filter);
    packets.open(choices.packet);
    pictures.show(choices.show, choices.finest);
    list.choose(choices.list);
    if (!shown.fixed || !span) since = 0;
    shown.fix(span);
  }

  function heldSpan(to: number, firstMs: number): Span {
    const first = Math.max(secondOf(firstMs), history.heldFrom());
    return { from: Math.min(first, to), to };
  }

  function focused(): Row | undefined {
    const name = choices.focus ?? list.first()?.shape.name;
    return name === undefined ? undefined : rows.named(name);
  }

  const focusOf = (row: Row | undefined): View['focus'] =>
    row && { shape: row.shape, figures: selection.isShown(row) ? figures.of(row) : undefined };

  /** What is chosen of all rows, made anew at once when it is another choice. */
  const whatOf = (): string => `${selection.text} ${shown.seconds} ${choices.span?.from} ${choices.span?.to}`;

  function view(moment: Moment): View {
    const { nowMs, firstMs, endSecond } = moment;
    seenMs = nowMs;
    const summary = kept.assembler.summary();
    const nodes = health.nodes(summary);
    const to = settled(moment);
    const span = shown.fixed ?? { from: to - shown.seconds, to };
    const held = heldSpan(to, firstMs);
    const heldSeconds = lengthOf(overlap(span, held));
    const seconds = Math.max(1, heldSeconds);
    figures = createFigures({ window, before, seconds, rows: all });
    const selected = selection.look();
    const { left } = selected;
    before.look(span);
    const wanted = { rows: selected.shown.length, what: whatOf(), atMs: nowMs };
    list.arrange(left, figures, { ...wanted, seconds: heldSeconds, isFixed: shown.fixed !== undefined });
    const row = focused();
    return {
      type: 'view',
      atMs: Math.min(nowMs, (endSecond + 1) * 1000),
      span,
      isLive: shown.fixed === undefined,
      held,
      since,
      heldSeconds,
      list: list.view(),
      focus: focusOf(row),
      beside: besideOf(row, choices.inspect, left, window),
      picture: pictures.draw(
        { rows: left, window, seconds, nodes, filter: selection.text, ageMs: nowMs - firstMs },
        wanted,
        span.to,
        to,
      ),
      hidden: selected.shown.length - left.length,
      left: rows.left(),
      drops: dropsOf(selected.shown, span, wanted),
      encapsulation: row && pathEncapsulation(row, window, seconds, kept.assembler.intake().current),
      tunnels: tunnels(wanted, () => nodeEncapsulation(left, window, seconds)),
      ...packets.look(row, span),
      time: timeline.columns(
        { ...overTime(selected), axis: choices.axis ?? span, segment: choices.segment },
        moment.latestSecond,
      ),
      counters: kept.counters.between(...tellingOf(span)),
      ...(kept.told.at(tellingOf(span)[1]) ?? nothingTold),
      nodes,
      peers: health.peers(),
      filters: summary.filters,
      busyMs: 0,
      recordsPerSecond: 0,
    };
  }

  function dropsOf(all: readonly Row[], span: Span, wanted: Wanted): DropsView {
    const pairs = (lost: readonly number[]): number =>
      countPairs(wanted, () => distinct(all.map(({ pair }) => pair).concat(lost)));
    const counted = kept.kernelDrops.within(...tellingOf(span));
    return kept.drops.view(window, selection.filter, pairs, ({ node, reason }) => counted(node, reason));
  }

  /** The row in focus with what it lost, or all that the filter leaves. */
  function overTime({ ever, version }: Selected): Pick<Chosen, 'of' | 'key' | 'rows' | 'others'> {
    const { timeOf } = choices;
    if (timeOf === undefined) return { of: '', key: version, rows: ever, others: [] };
    const row = rows.named(timeOf);
    const ofEnds = [...all()].filter(({ pair }) => pair === row?.pair);
    const isOfIt = (one: Row): boolean => one === row || one.shape.isLost;
    const [its, others] = [ofEnds.filter(isOfIt), ofEnds.filter((one) => !isOfIt(one))];
    return { of: timeOf, key: `${row?.shape.id}`, rows: its, others };
  }

  const viewing: Viewing = {
    choose,
    list,
    ask: {
      pick: (wanted) => packets.pick(wanted),
      lost: (loss) =>
        [...all()].filter(({ shape }) => shape.loss === loss).flatMap(({ shape }) =>
          packets.pick(anyOf(shape.id)).map((packet) => ({ row: shape.name, packet })),
        ), // prettier-ignore
      complete: ({ text, caret }) => ({
        ...completeFilter(text, caret, exist({ rows: rows.count(), what: '', atMs: seenMs }, existingOfAll)),
        leavesAny: selection.leavesAny(text),
      }),
      cursor: () => list.cursor(),
      csv(columns) {
        return pathsCsv(list.rows().map((row) => ({ shape: row.shape, figures: figures.of(row) })), columns); // prettier-ignore
      },
    },
  };
  return { viewing, count: () => void since++, view };
}

/** Sorted as numbers they are counted many times faster than in a set. */
function distinct(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted.filter((value, at) => value !== sorted[at - 1]).length;
}
