/**
 * What is looked at of a session, and the view of it. Shown is a span of seconds, the last ones or a fixed one, and of the
 * rows those that the filter leaves.
 */
import type { Standing } from '../../../agent/insight/times.ts';
import type { Assembler } from '../../../agent/paths/assemble.ts';
import { FilterError, everything, parseFilter, type Filter, type Subject } from '../../../agent/trace/filter.ts';
import { lengthOf, overlap, type Span } from '../lib/span.ts';
import { createBefore } from './before.ts';
import type { BySecond } from './by-second.ts';
import { rowColumns } from './columns.ts';
import type { CounterHistory } from './counters.ts';
import { pairOf, type Drops, type DropsView } from './drops.ts';
import { nodeEncapsulation, pathEncapsulation } from './encapsulation.ts';
import type { Health } from './health.ts';
import type { History } from './history.ts';
import type { KernelDrops } from './kernel-drops.ts';
import type { Marks } from '../../../agent/marks/marks.ts';
import type { PacketSummary, View, WindowSeconds } from './messages.ts';
import type { PacketQuery, Packets } from './packets.ts';
import { createPictures, type Pictures } from './pictures.ts';
import { haveSameEnds, rowSubject, seriesOf, Series, type Row, type Rows } from './rows.ts';
import { TOTAL } from './segments.ts';
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

export interface Viewing {
  setWindow(seconds: WindowSeconds): void;
  /** What cannot be parsed hides nothing. */
  setFilter(text: string): void;
  setFocus(name: string | undefined): void;
  /** One packet of the row in focus. */
  setPacket(name: string | undefined): void;
  pick(wanted: PacketQuery): PacketSummary[];
  setShow: Pictures['show'];
  /** What is told over time: a row, or everything, and of which segment (segments.ts). */
  setTime(of: string | undefined, segment: string): void;
  /** A span of the past, and what is to be seen around it; undefined: the last seconds. */
  look(span: Span | undefined, axis?: Span): void;
}

export interface Viewer {
  viewing: Viewing;
  /** A path was told. */
  count(): void;
  view(moment: Moment): Omit<View, 'shapes' | 'gone'>;
}

/** By then nearly all paths of a second have been told. */
const SETTLE_SECONDS = 3;

export const secondOf = (ms: number): number => Math.floor(ms / 1000);

/** Up to the end of which seconds the packets of a span were being told. */
const tellingOf = ({ from, to }: Span): [from: number, to: number] => [
  from - 1 + SETTLE_SECONDS,
  to - 1 + SETTLE_SECONDS,
];

/** The seconds that are told by now. */
const settled = ({ nowMs, endSecond }: Moment): number => Math.min(secondOf(nowMs), endSecond) - SETTLE_SECONDS + 1;

export function createViewer(kept: Kept): Viewer {
  const { history, shown, rows, packets, health } = kept;
  const { window } = shown;
  const before = createBefore(history);
  const timeline = createTimeline(history, kept.marks.within);
  const pictures = createPictures(kept.standings);
  let filter = everything;
  let filterText = '';
  let focus: string | undefined;
  let timeOf: string | undefined;
  let segment = TOTAL;
  let axis: Span | undefined;
  /** Paths told since the span was fixed. */
  let since = 0;

  function heldSpan(to: number, firstMs: number): Span {
    const first = Math.max(secondOf(firstMs), history.heldFrom());
    return { from: Math.min(first, to), to };
  }

  function view(moment: Moment): Omit<View, 'shapes' | 'gone'> {
    const { nowMs, firstMs, endSecond } = moment;
    const summary = kept.assembler.summary();
    const all = inWindow();
    const chosen = leftOf(all);
    const nodes = health.nodes(summary);
    const to = settled(moment);
    const span = shown.fixed ?? { from: to - shown.seconds, to };
    const held = heldSpan(to, firstMs);
    const heldSeconds = lengthOf(overlap(span, held));
    const seconds = Math.max(1, heldSeconds);
    const row = rowNamed(focus);
    before.look(span);
    return {
      type: 'view',
      atMs: Math.min(nowMs, (endSecond + 1) * 1000),
      span,
      isLive: shown.fixed === undefined,
      held,
      since,
      heldSeconds,
      rows: rowColumns(chosen, window, before, seconds),
      picture: pictures.draw(
        { rows: chosen, window, seconds, nodes, filter: filterText, ageMs: nowMs - firstMs },
        span.to,
        to,
      ),
      hidden: all.length - chosen.length,
      left: rows.left(),
      drops: dropsOf(all, span),
      encapsulation: row && pathEncapsulation(row, window, seconds, kept.assembler.intake().current),
      tunnels: nodeEncapsulation(chosen, window, seconds),
      ...packets.look(row, span),
      time: timeline.columns({ ...overTime(), axis: axis ?? span, segment }, moment.latestSecond),
      counters: kept.counters.between(...tellingOf(span)),
      ...(kept.told.at(tellingOf(span)[1]) ?? nothingTold),
      nodes,
      peers: health.peers(),
      filters: summary.filters,
      busyMs: 0,
      recordsPerSecond: 0,
    };
  }

  function dropsOf(all: readonly Row[], span: Span): DropsView {
    const pairs = new Set(all.map(({ shape }) => pairOf(shape)));
    const counted = kept.kernelDrops.within(...tellingOf(span));
    return kept.drops.view(window, filter, pairs, ({ node, reason }) => counted(node, reason));
  }

  function latencyOf(row: Row): Subject['latencyNs'] {
    const total = seriesOf(row, Series.total);
    return { least: window.quantile(total, 0), most: window.quantile(total, 1) };
  }

  const inWindow = (): Row[] =>
    [...rows.all()].filter(
      (row) => window.count(seriesOf(row, Series.joined)) + window.count(seriesOf(row, Series.lost)) > 0,
    );

  /** Those that the filter leaves. */
  const leftOf = (all: Row[]): Row[] =>
    filter === everything ? all : all.filter((row) => filter(rowSubject(row, latencyOf(row))));

  const rowNamed = (name: string | undefined): Row | undefined => (name === undefined ? undefined : rows.named(name));

  /** The row in focus with what it lost, or all that the filter leaves. */
  function overTime(): Pick<Chosen, 'of' | 'key' | 'rows'> {
    const all = [...rows.all()];
    if (timeOf !== undefined) {
      const row = rowNamed(timeOf);
      const isOfIt = ({ shape }: Row): boolean =>
        shape === row?.shape || (shape.isLost && haveSameEnds(shape, row!.shape));
      return { of: timeOf, key: `${row?.shape.id}`, rows: row ? all.filter(isOfIt) : [] };
    }
    const left = leftOf(all);
    return { of: '', key: left === all ? '' : left.map(({ shape }) => shape.id).join(), rows: left };
  }

  const viewing: Viewing = {
    setWindow: (seconds) => shown.setSeconds(seconds),
    setFilter(text) {
      filterText = text;
      filter = filterOf(text);
    },
    setFocus: (name) => void (focus = name),
    setPacket: (name) => packets.open(name),
    pick: (wanted) => packets.pick(wanted),
    setShow: (show, finest) => pictures.show(show, finest),
    setTime(of, given) {
      timeOf = of;
      segment = given;
    },
    look(span, around) {
      axis = span && around;
      if (!shown.fixed || !span) since = 0;
      shown.fix(span);
    },
  };
  return { viewing, count: () => void since++, view };
}

function filterOf(text: string): Filter {
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return everything;
  }
}
