/**
 * Frames in, views out: what the worker does, without its socket and its clock. Times are the wall's milliseconds.
 *
 * What is shown is a span of seconds: the last ones, or a fixed one. Looking at the past it goes on receiving.
 */
import { bucketOf } from '../../../agent/histogram/histogram.ts';
import type { NodeFigures } from '../../../agent/insight/figures.ts';
import { createObserver } from '../../../agent/insight/observer.ts';
import { Arrival } from '../../../agent/paths/arrivals.ts';
import { createAssembler } from '../../../agent/paths/assemble.ts';
import { innerIpBytes, representedBytes, representedPackets } from '../../../agent/paths/estimate.ts';
import { viewerMs } from '../../../agent/paths/streams.ts';
import type { PathView } from '../../../agent/paths/view.ts';
import type { AddressesOf } from '../../../agent/trace/filter-tree.ts';
import { FilterError, parseFilter, type Filter, type Subject } from '../../../agent/trace/filter.ts';
import { describeLoss, isLost as isLoss } from '../../../agent/trace/losses.ts';
import { cellKey } from '../../../agent/histogram/cells.ts';
import { createBefore } from './before.ts';
import { createBlocks } from './blocks.ts';
import { createCounterHistory } from './counters.ts';
import { createDrops, pairOf, type DropsView } from './drops.ts';
import { nodeEncapsulation, pathEncapsulation } from './encapsulation.ts';
import { createHealth, type NodeHealth } from './health.ts';
import { createHistory } from './history.ts';
import { createKernelDrops } from './kernel-drops.ts';
import { createPictures, type Pictures } from './pictures.ts';
import {
  createRows,
  haveSameEnds,
  notePorts,
  relativeBoundOf,
  rowSubject,
  seriesOf,
  Series,
  type Row,
  type RowShape,
} from './rows.ts';
import type { PacketSummary, View, WindowSeconds } from './messages.ts';
import { rowColumns } from './columns.ts';
import { createMarks } from './marks.ts';
import { createPackets, type PacketQuery } from './packets.ts';
import { TOTAL } from './segments.ts';
import { createShown } from './shown.ts';
import { sizeBucket } from './sizes.ts';
import { createTimeline, type Chosen } from './timeline.ts';
import { createToldHistory, type Told } from './told.ts';
import { lengthOf, overlap, type Span } from '../lib/span.ts';

export interface Session {
  frame(bytes: Uint8Array, nowMs: number): void;
  /** Tells what is complete; call it a few times a second. */
  tick(nowMs: number): void;
  /** What is to be shown, with the shapes that are new since the last call. */
  view(nowMs: number): View;
  setWindow(seconds: WindowSeconds): void;
  /** What cannot be parsed hides nothing. */
  setFilter(text: string): void;
  addressesOf: AddressesOf;
  setFocus(name: string | undefined): void;
  /** One packet of the row in focus. */
  setPacket(name: string | undefined): void;
  pick(wanted: PacketQuery): PacketSummary[];
  setShow: Pictures['show'];
  /** What is told over time: a row, or everything, and of which segment (segments.ts). */
  setTime(of: string | undefined, segment: string): void;
  /** A span of the past, and what is to be seen around it; undefined: the last seconds. */
  look(span: Span | undefined, axis?: Span): void;
  /** Nothing more will come: what was shown last stays. */
  end(nowMs: number): void;
}

const KEPT_SECONDS = 600 + 16;
const MAX_HISTORY_BYTES = 192 << 20;
/** Who has not told twice how it stands by then is not waited for. */
const BEGIN_MS = 3000;
/** By then nearly all paths of a second have been told. */
const SETTLE_SECONDS = 3;

const secondOf = (ms: number): number => Math.floor(ms / 1000);

const nodeFigures = ({ name, state, sinceMs }: NodeHealth): NodeFigures => ({ name, isUp: state === 'up', sinceMs });

/** Up to the end of which seconds the packets of a span were being told. */
const tellingOf = ({ from, to }: Span): [from: number, to: number] => [
  from - 1 + SETTLE_SECONDS,
  to - 1 + SETTLE_SECONDS,
];

function standing(nodes: readonly NodeHealth[]): Omit<Told, 'insight'> {
  const bounds = nodes.map((node) => node.boundNs);
  return {
    clockBoundNs: bounds.some(Number.isNaN) ? NaN : Math.max(0, ...bounds),
    exponent: Math.max(0, ...nodes.map((node) => node.exponent)),
  };
}

export function createSession(): Session {
  const history = createHistory(KEPT_SECONDS, MAX_HISTORY_BYTES);
  const shown = createShown(history);
  const { window } = shown;
  const before = createBefore(history);
  const blocks = createBlocks();
  const rows = createRows(blocks);
  const drops = createDrops(blocks);
  const kernelDrops = createKernelDrops(KEPT_SECONDS);
  const packets = createPackets(rows, KEPT_SECONDS);
  const marks = createMarks();
  const timeline = createTimeline(history, marks.within);
  const health = createHealth(marks.message);
  const counters = createCounterHistory(KEPT_SECONDS);
  const told = createToldHistory(KEPT_SECONDS);
  const observer = createObserver();
  const pictures = createPictures(() => observer.standings());
  const assembler = createAssembler(visit);
  let filter: Filter = () => true;
  let focus: string | undefined;
  let timeOf: string | undefined;
  let segment = TOTAL;
  let axis: Span | undefined;
  let filterText = '';
  /** Paths told since the span was fixed. */
  let since = 0;
  const shapes: RowShape[] = [];
  const gone: number[] = [];
  /** Of the first frame; once begun, of the beginning. */
  let firstMs = Infinity;
  let isBegun = false;
  let latestSecond = -Infinity;
  let endSecond = Infinity;

  /** What was under way before everybody had told how they stand would count as lost by us. */
  function begin(nowMs: number): boolean {
    if (isBegun || nowMs < firstMs || !(assembler.isReady() || nowMs - firstMs > BEGIN_MS)) return isBegun;
    assembler.begin(nowMs);
    firstMs = nowMs;
    isBegun = true;
    return true;
  }

  function visit(view: PathView): void {
    const isJoined = view.hasEntry && view.hasLast && !view.ambiguous;
    const isLost = isLoss(view);
    // What was dropped before its first hop has no way that could be drawn; it is counted.
    const isShown = (isJoined || isLost) && view.hopCount > 0;
    const row = isShown ? rowFor(view, isLost ? describeLoss(view) : '') : undefined;
    observer.see(view, row?.shape.name);
    const first = view.frames[0];
    const atMs = viewerMs(first.stream, first.baseNs + first.timeNs[view.rows[0]]);
    const second = secondOf(atMs);
    const add = (series: number, bucket: number, weight: number): void =>
      shown.add(second, cellKey(series, bucket), weight);
    if (isLost) drops.see(view, atMs, add);
    if (!row) return;
    row.lastSecond = Math.max(row.lastSecond, second);
    notePorts(row, view);
    packets.see(view, row, second);
    since++;
    for (let at = 0; at < view.hopCount - 1; at++) {
      if (!Number.isNaN(view.durationsNs[at])) add(row.base + at, bucketOf(view.durationsNs[at]), 1);
    }
    if (isJoined && !Number.isNaN(view.totalNs)) add(seriesOf(row, Series.total), bucketOf(view.totalNs), 1);
    add(seriesOf(row, isLost ? Series.lost : Series.joined), 0, 1);
    add(seriesOf(row, Series.bytes), 0, representedBytes(view));
    const bytes = innerIpBytes(view);
    row.biggest = Math.max(row.biggest, bytes);
    add(seriesOf(row, Series.size), sizeBucket(bytes), representedPackets(view) * Math.max(1, view.wirePackets));
    if (isJoined && first.arrival[view.rows[0]] & Arrival.again) add(seriesOf(row, Series.again), 0, 1);
    if (view.tunnelBytes > 0) add(seriesOf(row, Series.inner), 0, view.innerBytes);
    if (!Number.isNaN(view.totalBoundNs)) {
      add(seriesOf(row, Series.bound), bucketOf(view.totalBoundNs), 1);
      add(seriesOf(row, Series.relative), bucketOf(relativeBoundOf(row, view)), 1);
    }
  }

  function rowFor(view: PathView, loss: string): Row | undefined {
    const row = rows.of(view, loss);
    if (row?.lastSecond === -Infinity) shapes.push(row.shape);
    return row;
  }

  /** The seconds that are told by now. */
  const settled = (nowMs: number): number => Math.min(secondOf(nowMs), endSecond) - SETTLE_SECONDS + 1;

  function heldSpan(to: number): Span {
    const first = Math.max(secondOf(firstMs), history.heldFrom());
    return { from: Math.min(first, to), to };
  }

  const nothing: Told = { insight: undefined, clockBoundNs: NaN, exponent: 0 };

  function figures(nowMs: number): View {
    const summary = assembler.summary();
    const [chosenRows, hidden] = chosen();
    const nodes = health.nodes(summary);
    const to = settled(nowMs);
    const span = shown.fixed ?? { from: to - shown.seconds, to };
    const held = heldSpan(to);
    const heldSeconds = lengthOf(overlap(span, held));
    before.look(span);
    return {
      type: 'view',
      atMs: Math.min(nowMs, (endSecond + 1) * 1000),
      span,
      isLive: shown.fixed === undefined,
      held,
      since,
      heldSeconds,
      shapes: [],
      gone: [],
      rows: rowColumns(chosenRows, window, before, Math.max(1, heldSeconds)),
      picture: pictures.draw(
        {
          rows: chosenRows,
          window,
          seconds: Math.max(1, heldSeconds),
          nodes,
          filter: filterText,
          ageMs: nowMs - firstMs,
        },
        span.to,
        to,
      ),
      hidden,
      left: rows.left(),
      drops: dropsOf(span),
      encapsulation: encapsulationOf(rowNamed(focus), heldSeconds),
      tunnels: nodeEncapsulation(chosenRows, window, Math.max(1, heldSeconds)),
      ...packets.look(rowNamed(focus), span),
      time: timeline.columns({ ...overTime(), axis: axis ?? span, segment }, latestSecond),
      counters: counters.between(...tellingOf(span)),
      ...(told.at(tellingOf(span)[1]) ?? nothing),
      nodes,
      peers: health.peers(),
      filters: summary.filters,
      busyMs: 0,
      recordsPerSecond: 0,
    };
  }

  const encapsulationOf = (row: Row | undefined, heldSeconds: number): View['encapsulation'] =>
    row && pathEncapsulation(row, window, Math.max(1, heldSeconds), assembler.intake().current);

  function dropsOf(span: Span): DropsView {
    const pairs = new Set(inWindow().map(({ shape }) => pairOf(shape)));
    return drops.view(window, filter, pairs, ({ node, reason }) =>
      kernelDrops.between(node, reason, ...tellingOf(span)),
    );
  }

  function latencyOf(row: Row): Subject['latencyNs'] {
    const total = seriesOf(row, Series.total);
    return { least: window.quantile(total, 0), most: window.quantile(total, 1) };
  }

  const inWindow = (): Row[] =>
    [...rows.all()].filter(
      (row) => window.count(seriesOf(row, Series.joined)) + window.count(seriesOf(row, Series.lost)) > 0,
    );

  function chosen(): [Row[], number] {
    const all = inWindow();
    const shown = all.filter((row) => filter(rowSubject(row, latencyOf(row))));
    return [shown, all.length - shown.length];
  }

  const rowNamed = (name: string | undefined): Row | undefined =>
    [...rows.all()].find(({ shape }) => shape.name === name);

  /** The row in focus with what it lost, or all that the filter leaves. */
  function overTime(): Pick<Chosen, 'of' | 'key' | 'rows'> {
    const all = [...rows.all()];
    if (timeOf !== undefined) {
      const row = rowNamed(timeOf);
      const isOfIt = ({ shape }: Row): boolean =>
        shape === row?.shape || (shape.isLost && haveSameEnds(shape, row!.shape));
      return { of: timeOf, key: `${row?.shape.id}`, rows: row ? all.filter(isOfIt) : [] };
    }
    if (filterText === '') return { of: '', key: '', rows: all };
    const left = all.filter((row) => filter(rowSubject(row, latencyOf(row))));
    return { of: '', key: left.map(({ shape }) => shape.id).join(), rows: left };
  }

  return {
    frame(bytes, nowMs) {
      if (!isBegun) firstMs = Math.min(firstMs, nowMs);
      health.frame(bytes, nowMs);
      assembler.push(bytes, nowMs);
    },
    tick(nowMs) {
      if (secondOf(nowMs) <= endSecond) health.tick(nowMs);
      if (!begin(nowMs)) return;
      const second = Math.min(secondOf(nowMs), endSecond);
      packets.turn(second);
      assembler.advance(nowMs);
      if (second <= latestSecond) return;
      latestSecond = second;
      const summary = assembler.summary();
      const nodes = health.nodes(summary);
      counters.note(second, summary);
      kernelDrops.note(second, assembler.intake().current);
      told.note(second, { insight: observer.turn(nowMs, summary, nodes.map(nodeFigures)), ...standing(nodes) });
      marks.clocks(nodes, nowMs);
      shown.turn(second);
      const left = rows.forget(second - KEPT_SECONDS);
      packets.forget(left);
      gone.push(...left);
      drops.forget((second - KEPT_SECONDS) * 1000);
    },
    view: (nowMs) => ({ ...figures(nowMs), shapes: shapes.splice(0), gone: gone.splice(0) }),
    setWindow: (seconds) => shown.setSeconds(seconds),
    addressesOf: assembler.addressesOf,
    setFilter(text) {
      filterText = text;
      try {
        filter = parseFilter(text);
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        filter = () => true;
      }
    },
    setShow: (show, finest) => pictures.show(show, finest),
    setFocus(name) {
      focus = name;
    },
    setPacket: (name) => packets.open(name),
    pick: (wanted) => packets.pick(wanted),
    setTime(of, given) {
      timeOf = of;
      segment = given;
    },
    look(span, around) {
      axis = span && around;
      if (!shown.fixed || !span) since = 0;
      shown.fix(span);
    },
    end(nowMs) {
      endSecond = secondOf(nowMs);
    },
  };
}
