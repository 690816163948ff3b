/**
 * Frames in, views out: what the worker does, without its socket and its clock. Times are the wall's milliseconds.
 *
 * A paused session goes on receiving; what it shows is the window of the moment of pausing, whose seconds it keeps.
 */
import { bucketOf } from '../../../agent/histogram/histogram.ts';
import type { Insight } from '../../../agent/insight/explain.ts';
import type { NodeFigures } from '../../../agent/insight/figures.ts';
import { createObserver } from '../../../agent/insight/observer.ts';
import { createAssembler } from '../../../agent/paths/assemble.ts';
import { representedBytes } from '../../../agent/paths/estimate.ts';
import { viewerMs } from '../../../agent/paths/streams.ts';
import type { PathView } from '../../../agent/paths/view.ts';
import { FilterError, parseFilter, type Filter, type Subject } from '../../../agent/trace/filter.ts';
import { describeLoss, isLost as isLoss } from '../../../agent/trace/losses.ts';
import { cellKey } from '../../../agent/histogram/cells.ts';
import { createCounterHistory } from './counters.ts';
import { createHealth, type NodeHealth } from './health.ts';
import { createHistory, type Second } from './history.ts';
import { createRows, notePorts, rowSubject, seriesOf, Series, type Row, type RowShape } from './rows.ts';
import type { View, WindowSeconds } from './messages.ts';
import { focusColumns, rowColumns } from './columns.ts';
import { createWindow } from './window.ts';

export interface Session {
  frame(bytes: Uint8Array, nowMs: number): void;
  /** Tells what is complete; call it a few times a second. */
  tick(nowMs: number): void;
  /** What is to be shown, with the shapes that are new since the last call. */
  view(nowMs: number): View;
  setWindow(seconds: WindowSeconds): void;
  /** What cannot be parsed hides nothing. */
  setFilter(text: string): void;
  setFocus(name: string | undefined): void;
  pause(paused: boolean, nowMs: number): void;
}

const KEPT_SECONDS = 300 + 16;
const MAX_HISTORY_BYTES = 96 << 20;
/** Who has not told twice how it stands by then is not waited for. */
const BEGIN_MS = 3000;
/** By then nearly all paths of a second have been told. */
const SETTLE_SECONDS = 3;

const secondOf = (ms: number): number => Math.floor(ms / 1000);

const nodeFigures = ({ name, state, sinceMs }: NodeHealth): NodeFigures => ({ name, isUp: state === 'up', sinceMs });

interface Pause {
  atMs: number;
  seconds: Second[];
  view: View;
  paths: number;
}

export function createSession(): Session {
  const history = createHistory(KEPT_SECONDS, MAX_HISTORY_BYTES);
  const window = createWindow();
  const rows = createRows();
  const health = createHealth();
  const counters = createCounterHistory(KEPT_SECONDS);
  const observer = createObserver();
  const assembler = createAssembler(visit);
  let windowSeconds = 60;
  /** Oldest second that the window's histograms hold. */
  let oldest = -Infinity;
  let filter: Filter = () => true;
  let focus: string | undefined;
  let paused: Pause | undefined;
  const shapes: RowShape[] = [];
  const gone: number[] = [];
  /** Of the first frame; once begun, of the beginning. */
  let firstMs = Infinity;
  let isBegun = false;
  let latestSecond = -Infinity;
  let insight: Insight | undefined;

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
    if (!row) return;
    const first = view.frames[0];
    const second = secondOf(viewerMs(first.stream, first.baseNs + first.timeNs[view.rows[0]]));
    row.lastSecond = Math.max(row.lastSecond, second);
    notePorts(row, view);
    if (paused) paused.paths++;
    else noteShown(row, view);
    const add = (series: number, bucket: number, weight: number): void => {
      const key = cellKey(series, bucket);
      history.add(second, key, weight);
      if (!paused && second >= oldest) window.add(key, weight);
    };
    for (let at = 0; at < view.hopCount - 1; at++) {
      if (!Number.isNaN(view.durationsNs[at])) add(row.base + at, bucketOf(view.durationsNs[at]), 1);
    }
    if (isJoined && !Number.isNaN(view.totalNs)) add(seriesOf(row, Series.total), bucketOf(view.totalNs), 1);
    add(seriesOf(row, isLost ? Series.lost : Series.joined), 0, 1);
    add(seriesOf(row, Series.bytes), 0, representedBytes(view));
  }

  function rowFor(view: PathView, loss: string): Row | undefined {
    const row = rows.of(view, loss);
    if (row?.lastSecond === -Infinity) shapes.push(row.shape);
    return row;
  }

  function noteShown(row: Row, view: PathView): void {
    row.boundNs = view.totalBoundNs;
    if (view.tunnelBytes === 0) return;
    row.innerBytes += view.innerBytes;
    row.innerCount++;
  }

  function rebuild(seconds: Second[]): void {
    window.clear();
    oldest = latestSecond - windowSeconds + 1;
    for (const second of seconds) if (second.second >= oldest) window.addSecond(second);
  }

  /** Lets go of what is older than the window. */
  function slide(): void {
    const from = latestSecond - windowSeconds + 1;
    if (from - oldest > windowSeconds) rebuild(history.seconds());
    for (; oldest < from; oldest++) {
      const gone = history.packed(oldest);
      if (gone) window.removeSecond(gone);
    }
  }

  const live = (nowMs: number): View => ({ ...figures(nowMs, history.seconds()), paused: false, sincePause: 0 });

  function figures(atMs: number, seconds: Second[]): View {
    const summary = assembler.summary();
    const [chosenRows, hidden] = chosen();
    const focused =
      chosenRows.find((row) => row.shape.name === focus) ?? [...rows.all()].find((row) => row.shape.name === focus);
    const nodes = health.nodes(summary);
    const bounds = nodes.map((node) => node.boundNs);
    const isUnknown = bounds.some(Number.isNaN);
    const untilSecond = secondOf(atMs) - SETTLE_SECONDS;
    return {
      type: 'view',
      atMs,
      paused: paused !== undefined,
      sincePause: paused?.paths ?? 0,
      windowSeconds,
      heldSeconds: Math.max(0, Math.min(windowSeconds, Math.ceil((atMs - firstMs) / 1000))),
      shapes: [],
      gone: [],
      rows: rowColumns(
        chosenRows,
        window,
        Math.max(1, Math.min(windowSeconds, (atMs - firstMs) / 1000 - SETTLE_SECONDS)),
      ),
      hidden,
      left: rows.left(),
      focus: focused && focusColumns(focused, seconds, untilSecond - windowSeconds + 1, untilSecond),
      counters: counters.since(secondOf(atMs) - windowSeconds),
      insight,
      nodes,
      peers: health.peers(),
      clockBoundNs: isUnknown ? NaN : Math.max(0, ...bounds),
      exponent: Math.max(0, ...nodes.map((node) => node.exponent)),
      busyMs: 0,
      recordsPerSecond: 0,
    };
  }

  function shown(nowMs: number): View {
    if (!paused) return live(nowMs);
    // What rests on the window stays as it was; how the nodes are now is told all the same.
    const { counters: counted, insight: said, clockBoundNs } = paused.view;
    return { ...figures(paused.atMs, paused.seconds), counters: counted, insight: said, clockBoundNs };
  }

  function latencyOf(row: Row): Subject['latencyNs'] {
    const total = seriesOf(row, Series.total);
    return { least: window.quantile(total, 0), most: window.quantile(total, 1) };
  }

  function chosen(): [Row[], number] {
    const inWindow = [...rows.all()].filter(
      (row) => window.count(seriesOf(row, Series.joined)) + window.count(seriesOf(row, Series.lost)) > 0,
    );
    const shown = inWindow.filter((row) => filter(rowSubject(row, latencyOf(row))));
    return [shown, inWindow.length - shown.length];
  }

  return {
    frame(bytes, nowMs) {
      if (!isBegun) firstMs = Math.min(firstMs, nowMs);
      health.frame(bytes, nowMs);
      assembler.push(bytes, nowMs);
    },
    tick(nowMs) {
      health.tick(nowMs);
      if (!begin(nowMs)) return;
      assembler.advance(nowMs);
      const second = secondOf(nowMs);
      if (second <= latestSecond) return;
      latestSecond = second;
      const summary = assembler.summary();
      counters.note(second, summary);
      insight = observer.turn(nowMs, summary, health.nodes(summary).map(nodeFigures));
      if (!paused) slide();
      history.turn(second);
      if (!paused) gone.push(...rows.forget(second - KEPT_SECONDS));
    },
    view: (nowMs) => ({ ...shown(nowMs), shapes: shapes.splice(0), gone: gone.splice(0) }),
    setWindow(seconds) {
      windowSeconds = seconds;
      if (paused) rebuildAt(paused);
      else rebuild(history.seconds());
    },
    setFilter(text) {
      try {
        filter = parseFilter(text);
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        filter = () => true;
      }
    },
    setFocus(name) {
      focus = name;
    },
    pause(isPaused, nowMs) {
      if (isPaused === (paused !== undefined)) return;
      if (isPaused) paused = { atMs: nowMs, seconds: history.seconds(), view: live(nowMs), paths: 0 };
      else {
        paused = undefined;
        rebuild(history.seconds());
      }
    },
  };

  function rebuildAt({ atMs, seconds }: Pause): void {
    const now = latestSecond;
    latestSecond = secondOf(atMs);
    rebuild(seconds);
    latestSecond = now;
  }
}
