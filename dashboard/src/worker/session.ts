/** Frames in, views out: what the worker does, without its socket and its clock. Times are the wall's milliseconds. */
import { bucketOf } from '../../../agent/histogram/histogram.ts';
import { cellKey } from '../../../agent/histogram/cells.ts';
import type { NodeFigures } from '../../../agent/insight/figures.ts';
import { createObserver } from '../../../agent/insight/observer.ts';
import { createMarks } from '../../../agent/marks/marks.ts';
import { Arrival } from '../../../agent/paths/arrivals.ts';
import { createAssembler } from '../../../agent/paths/assemble.ts';
import { innerIpBytes, representedBytes, representedPackets } from '../../../agent/paths/estimate.ts';
import { viewerMs } from '../../../agent/paths/streams.ts';
import type { PathView } from '../../../agent/paths/view.ts';
import type { AddressesOf } from '../../../agent/trace/filter-tree.ts';
import { describeLoss, isLost as isLoss } from '../../../agent/trace/losses.ts';
import { createBlocks } from './blocks.ts';
import { createBySecond } from './by-second.ts';
import { createCounterHistory } from './counters.ts';
import { createDrops } from './drops.ts';
import { createHealth, type NodeHealth } from './health.ts';
import { createHistory } from './history.ts';
import { createKernelDrops } from './kernel-drops.ts';
import type { View } from './messages.ts';
import { createPackets } from './packets.ts';
import { createRows, notePorts, relativeBoundOf, seriesOf, Series } from './rows.ts';
import { createShown } from './shown.ts';
import { sizeBucket } from './sizes.ts';
import { tellOf, type Told } from './told.ts';
import { createViewer, secondOf, type Viewing } from './viewer.ts';

export interface Session extends Viewing {
  frame(bytes: Uint8Array, nowMs: number): void;
  /** Tells what is complete; call it a few times a second. */
  tick(nowMs: number): void;
  /** What is to be shown. */
  view(nowMs: number): View;
  addressesOf: AddressesOf;
  /** Nothing more will come: what was shown last stays. */
  end(nowMs: number): void;
}

export const KEPT_SECONDS = 600 + 16;
const MAX_HISTORY_BYTES = 192 << 20;
/** Who has not told twice how it stands by then is not waited for. */
const BEGIN_MS = 3000;
const nodeFigures = ({ name, state, sinceMs }: NodeHealth): NodeFigures => ({ name, isUp: state === 'up', sinceMs });

export function createSession(): Session {
  const history = createHistory(KEPT_SECONDS, MAX_HISTORY_BYTES);
  const shown = createShown(history);
  const blocks = createBlocks();
  const rows = createRows(blocks);
  const drops = createDrops(blocks);
  const kernelDrops = createKernelDrops(KEPT_SECONDS);
  const packets = createPackets(rows, KEPT_SECONDS);
  const marks = createMarks();
  const health = createHealth(marks);
  const counters = createCounterHistory(KEPT_SECONDS);
  const told = createBySecond<Told>(KEPT_SECONDS);
  const observer = createObserver();
  const assembler = createAssembler(visit);
  const viewer = createViewer({
    history, shown, rows, drops, kernelDrops, packets, marks, health, counters, told, assembler,
    standings: () => observer.standings(),
  }); // prettier-ignore
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
    const row = isShown ? rows.of(view, isLost ? describeLoss(view) : '') : undefined;
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
    viewer.count();
    for (let at = 0; at < view.hopCount - 1; at++) {
      if (!Number.isNaN(view.durationsNs[at])) add(row.base + at, bucketOf(view.durationsNs[at]), 1);
    }
    if (isJoined && !Number.isNaN(view.totalNs)) add(seriesOf(row, Series.total), bucketOf(view.totalNs), 1);
    add(seriesOf(row, isLost ? Series.lost : Series.joined), 0, 1);
    add(seriesOf(row, Series.bytes), 0, representedBytes(view));
    const bytes = innerIpBytes(view);
    row.biggest = Math.max(row.biggest, bytes);
    // A sample of bytes has more marks of big packets than of small ones: each counts as the packets that it stands for.
    const wirePackets = representedPackets(view) * Math.max(1, view.wirePackets);
    add(seriesOf(row, Series.size), sizeBucket(bytes), wirePackets);
    if (isJoined && first.arrival[view.rows[0]] & Arrival.again) add(seriesOf(row, Series.again), 0, 1);
    if (view.tunnelBytes > 0) add(seriesOf(row, Series.inner), 0, view.innerBytes * wirePackets);
    if (!Number.isNaN(view.totalBoundNs)) {
      add(seriesOf(row, Series.bound), bucketOf(view.totalBoundNs), 1);
      add(seriesOf(row, Series.relative), bucketOf(relativeBoundOf(row, view)), 1);
    }
  }

  /** Once a second: what stands now is noted, and what is too old forgotten. */
  function turn(second: number, nowMs: number): void {
    const summary = assembler.summary();
    const nodes = health.nodes(summary);
    counters.note(second, summary);
    kernelDrops.note(second, assembler.intake().current);
    told.note(second, tellOf(nodes, observer.turn(nowMs, summary, nodes.map(nodeFigures))));
    marks.clocks(summary.clocks, nowMs);
    shown.turn(second);
    packets.forget(rows.forget(second - KEPT_SECONDS));
    drops.forget((second - KEPT_SECONDS) * 1000);
  }

  return {
    ...viewer.viewing,
    frame(bytes, nowMs) {
      if (!isBegun) firstMs = Math.min(firstMs, nowMs);
      health.frame(bytes, nowMs);
      assembler.push(bytes, nowMs);
    },
    tick(nowMs) {
      if (secondOf(nowMs) <= endSecond) health.tick(nowMs);
      if (!begin(nowMs)) return;
      const second = Math.min(secondOf(nowMs), endSecond);
      const isNew = second > latestSecond;
      if (isNew) packets.turn(second);
      assembler.advance(nowMs);
      if (!isNew) return;
      latestSecond = second;
      turn(second, nowMs);
    },
    view: (nowMs) => viewer.view({ nowMs, firstMs, latestSecond, endSecond }),
    addressesOf: assembler.addressesOf,
    end(nowMs) {
      endSecond = secondOf(nowMs);
    },
  };
}
