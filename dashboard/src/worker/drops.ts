/** What was lost where and why: units of one loss between one pair of ends, which the page's list adds up by loss. */
import { representedPackets } from '../../../agent/paths/estimate.ts';
import { formatEndpoint } from '../../../agent/paths/addresses.ts';
import { flowAt, lastOf, type PathView } from '../../../agent/paths/view.ts';
import { identityText } from '../../../agent/paths/words.ts';
import type { LossKind } from '../../../agent/trace/loss-words.ts';
import { describeLoss, lossKindOf } from '../../../agent/trace/losses.ts';
import type { Filter, Subject } from '../../../agent/trace/filter.ts';
import { destinationOf, deviceName, serviceOf, shapeOf, sourceOf, subjectOf } from '../../../agent/trace/shape.ts';
import type { Blocks } from './blocks.ts';
import { destinationLabel, notePorts, pairOf, sourceLabel, type Ports } from './rows.ts';
import type { Window } from './window.ts';

export interface DropRow extends LossKind {
  /** As `trace` says it; no two rows have the same. */
  text: string;
  node: string;
  /** Empty where the kernel does not know. */
  device: string;
  /** Sampled packets, and how many those stand for. */
  count: number;
  estimated: number;
  /** What the kernel dropped on that node for that reason, of all packets; NaN where nobody counts. */
  exact: number;
  /** Pairs of ends that it hit. */
  pairs: number;
  /** Wall time, of all that is held. */
  firstMs: number;
  lastMs: number;
  example: Example;
}

/** The latest packet, about. */
export interface Example {
  from: string;
  to: string;
  source: string;
  destination: string;
  protocol: string;
  identity: string;
  atMs: number;
}

export interface DropsView {
  rows: DropRow[];
  /** Kinds of loss that the filter hides, and packets beyond the units that are held. */
  hidden: number;
  left: number;
  /** Pairs of ends between which any packet was seen, lost ones too. */
  pairs: number;
}

export type Add = (series: number, bucket: number, weight: number) => void;

export interface Drops {
  /** A lost packet of that second. */
  see(view: PathView, atMs: number, add: Add): void;
  /** `pairs`: counts those of the packets that are shown, and these. */
  view(
    window: Window,
    filter: Filter,
    pairs: (lost: readonly number[]) => number,
    exact: (row: DropRow) => number,
  ): DropsView;
  forget(beforeMs: number): void;
}

const MAX_UNITS = 1024;
/** The series of a unit. */
const Unit = { count: 0, estimated: 1 } as const;
const SERIES = 2;
const EXAMPLE_MS = 1000;

interface Held extends Ports {
  kind: LossKind;
  text: string;
  node: string;
  device: string;
  pair: number;
  subject: Subject;
  base: number;
  firstMs: number;
  lastMs: number;
  example: Example;
}

export function createDrops(blocks: Blocks): Drops {
  const units = new Map<string, Held>();
  let left = 0;

  function unitOf(view: PathView, atMs: number): Held | undefined {
    const shape = { ...shapeOf(view), ...serviceOf(view) };
    const text = describeLoss(view);
    const pair = pairOf(shape);
    const key = `${text} ${pair}`;
    const known = units.get(key);
    if (known) return known;
    const base = units.size < MAX_UNITS ? blocks.take(SERIES) : undefined;
    if (base === undefined) return void left++;
    const unit: Held = {
      kind: lossKindOf(view), text, pair, ...placeOf(view), subject: subjectOf(view), base,
      sourcePorts: [], destinationPorts: [], firstMs: atMs, lastMs: atMs, example: exampleOf(view, atMs),
    }; // prettier-ignore
    unit.subject.nodes.push(unit.node);
    unit.subject.devices.push(unit.device);
    units.set(key, unit);
    return unit;
  }

  return {
    see(view, atMs, add) {
      const unit = unitOf(view, atMs);
      if (!unit) return;
      add(unit.base + Unit.count, 0, 1);
      add(unit.base + Unit.estimated, 0, representedPackets(view));
      unit.firstMs = Math.min(unit.firstMs, atMs);
      unit.lastMs = Math.max(unit.lastMs, atMs);
      notePorts(unit, view);
      if (atMs - unit.example.atMs > EXAMPLE_MS) unit.example = exampleOf(view, atMs);
    },
    view(window, filter, pairs, exact) {
      const inWindow = [...units.values()].filter(({ base }) => window.count(base + Unit.count) > 0);
      const shown = inWindow.filter((unit) => filter(subjectWith(unit)));
      const rows = addUp(shown, window);
      for (const row of rows) row.exact = exact(row);
      const all = new Set(inWindow.map(({ text }) => text)).size;
      return { rows, hidden: all - rows.length, left, pairs: pairs(inWindow.map(({ pair }) => pair)) };
    },
    forget(beforeMs) {
      for (const [key, unit] of units) {
        if (unit.lastMs >= beforeMs) continue;
        units.delete(key);
        blocks.give(unit.base, SERIES);
      }
    },
  };
}

function addUp(units: readonly Held[], window: Window): DropRow[] {
  const rows = new Map<string, DropRow>();
  for (const { kind, text, node, device, base, firstMs, lastMs, example } of units) {
    const row = rows.get(text) ?? {
      ...kind, text, node, device, count: 0, estimated: 0, exact: NaN, pairs: 0, firstMs, lastMs, example,
    }; // prettier-ignore
    row.count += window.count(base + Unit.count);
    row.estimated += window.count(base + Unit.estimated);
    row.pairs++;
    row.firstMs = Math.min(row.firstMs, firstMs);
    if (lastMs > row.lastMs) [row.lastMs, row.example] = [lastMs, example];
    rows.set(text, row);
  }
  return [...rows.values()];
}

/** Where the kernel let go of it, or behind which hop it vanished. */
function placeOf(view: PathView): { node: string; device: string } {
  const { drop } = view;
  if (drop) return { node: drop.stream.name, device: drop.device?.name ?? '' };
  const hop = lastOf(view);
  return { node: view.streams[hop].name, device: deviceName(view, hop) };
}

const subjectWith = ({ subject, sourcePorts, destinationPorts }: Held): Subject => ({
  ...subject,
  sourcePorts,
  destinationPorts,
});

function exampleOf(view: PathView, atMs: number): Example {
  const shape = { ...shapeOf(view), ...serviceOf(view) };
  const frame = view.frames[0];
  const flow = flowAt(view, 0);
  return {
    from: sourceLabel(shape),
    to: destinationLabel(shape),
    source: formatEndpoint(sourceOf(view, 0), frame.sourcePort[flow]),
    destination: formatEndpoint(destinationOf(view, 0), frame.destinationPort[flow]),
    protocol: shape.protocol,
    identity: identityText(view.identityLow, view.identityHigh),
    atMs,
  };
}
