/** The ruler in characters: a path from end to end, devices as ticks, segments with their times. Groups in, lines out. */
import { quantile, type Histogram } from '../histogram/histogram.ts';
import type { ClockSummary, Summary } from '../paths/counting.ts';
import type { Disorder } from '../paths/disorder.ts';
import type { Mark } from '../marks/marks.ts';
import { drawChanges } from './changes.ts';
import { addressesOf, formatTunnel, HANDED, hasTimes, headOf, timeOf, timesOf, totalOf } from './group-words.ts';
import type { Group } from './groups.ts';
import { drawLosses, type Loss } from './losses.ts';
import { fold, wrap } from './lines.ts';
import { drawSegments } from './segments.ts';
import { counted, formatCount, formatNs, formatShare } from './numbers.ts';

const center = (text: string, width: number, fill = ' '): string => {
  const before = Math.floor((width - text.length) / 2);
  return fill.repeat(Math.max(0, before)) + text + fill.repeat(Math.max(0, width - text.length - Math.max(0, before)));
};

/** The group as a ruler; where it is wider than `columns` as a table of its segments, or else as a list. */
export function drawGroup(group: Group, columns: number): string[] {
  const wide = drawWide(group);
  const fits = columns > 80 && wide.every((line) => line.length <= columns);
  return fits ? wide : (drawSegments(group, columns) ?? drawNarrow(group, columns));
}

function drawWide(group: Group): string[] {
  const lead = Math.max(group.source.length, 4) + 2;
  const p50 = group.segments.map((segment) => timeOf(segment.times, segment.bounds, 0.5, true));
  const p99 = group.segments.map((segment) => timeOf(segment.times, segment.bounds, 0.99, false));
  const notes = group.segments.map((segment) => (segment.isWire ? formatTunnel(group) : ''));
  const widths = group.segments.map((segment, at) => {
    const labels = Math.ceil((group.hops[at].device.length + group.hops[at + 1].device.length) / 2);
    const inner = Math.max(p50[at].length + 1, p99[at].length + 1, segment.name.length + 4);
    return Math.max(inner, labels + 1 + (notes[at] ? notes[at].length + 2 : 0));
  });
  const fillOf = (at: number): string => (group.segments[at].isSleeved ? '═' : '─');
  const line = group.segments.map((segment, at) => `${center(` ${segment.name} `, widths[at], fillOf(at))}┬`).join('');
  const row = (cells: string[]): string => cells.map((cell, at) => `${center(cell, widths[at])} `).join('');
  return [
    headOf(group),
    ` ${group.source.padEnd(lead - 2)} ─┬${line}─ ${group.isHanded ? `${HANDED} ─ ` : ''}${group.destination}`,
    deviceRow(group, widths, notes, lead + 1),
    ...(hasTimes(group)
      ? [` p50${' '.repeat(lead - 2)}${row(p50)}`, ` p99${' '.repeat(lead - 2)}${row(p99)}`, ` ${totalOf(group)}`]
      : []),
  ].map((text) => text.trimEnd());
}

/** Names under their ticks, and what the tunnel adds between those of the wire. */
function deviceRow(group: Group, widths: number[], notes: string[], firstTick: number): string {
  let text = '';
  const put = (label: string, middle: number): void => {
    const from = Math.max(text.length + (text ? 1 : 0), Math.round(middle - label.length / 2));
    text = text.padEnd(from) + label;
  };
  let tick = firstTick;
  group.hops.forEach((hop, at) => {
    put(hop.device, tick + 0.5);
    if (at === group.segments.length) return;
    if (notes[at]) put(notes[at], tick + 0.5 + (widths[at] + 1) / 2);
    tick += widths[at] + 1;
  });
  return text;
}

function drawNarrow(group: Group, columns: number): string[] {
  const hop = (at: number): string => `${group.hops[at].node} ${group.hops[at].device}`;
  const width = Math.max(...group.hops.map((_, at) => hop(at).length));
  const rows = group.segments.map((segment) => {
    const note = segment.isWire ? formatTunnel(group) : '';
    return `   ${segment.isSleeved ? '║' : '│'} ${segment.name.padEnd(6)} ${timesOf(segment)}${note ? `  ${note}` : ''}`;
  });
  const lines = [headOf(group), ...addressesOf(group)];
  group.hops.forEach((_, at) => lines.push(` ┬ ${hop(at).padEnd(width)}`.trimEnd(), ...rows.slice(at, at + 1)));
  if (group.isHanded) lines.push(`   │ ${HANDED}`);
  if (hasTimes(group)) lines.push(` ${totalOf(group)}`);
  return lines.flatMap((line) => fold(line, columns));
}

/** Where there is no room for its segments: how long it takes, and where most of that. */
function drawShort(group: Group, columns: number): string[] {
  // Of a wire whose clock is unknown there are no times.
  const usual = ({ times }: { times: Histogram }): number => quantile(times, 0.5) || 0;
  const [most] = group.segments.toSorted((a, b) => usual(b) - usual(a));
  const times = hasTimes(group) ? [` ${totalOf(group)}`, `   most in ${most.name}: ${timesOf(most)}`] : [];
  return [headOf(group), ...times].flatMap((line) => fold(line, columns));
}

/** What all figures rest on, in as many lines as the width makes of it. */
export function drawSummary(summary: Summary, columns: number): string[] {
  const { lostByNetwork: lost, clocks, exponents } = summary;
  const share = formatShare(summary.joinableJoined, summary.joinable);
  const parts = [
    `seen ${formatCount(summary.seen)}`,
    `sampled ${formatCount(summary.sampled)}`,
    `joined ${formatCount(summary.joined)}${share ? ` (${share} of what may be)` : ''}`,
    `ambiguous ${formatCount(summary.ambiguous)}`,
    `lost by the network ${formatCount(lost.dropped + lost.vanished)}`,
    `lost by us ${formatCount(summary.lostByUs)}`,
    ...(summary.undecided ? [`undecided ${formatCount(summary.undecided)}`] : []),
    ...(summary.names.contradictions ? [`named differently ${formatCount(summary.names.contradictions)}`] : []),
    ...(summary.framesMissed ? [`frames missed ${formatCount(summary.framesMissed)}`] : []),
    ...(summary.recordsLost ? [`records lost ${formatCount(summary.recordsLost)}`] : []),
    `1:${formatCount(2 ** Math.max(0, ...Object.values(exponents)))}`,
    ...Object.entries(clocks).slice(1).map(([node, clock]) => clockText(node, clock)),
    ...Object.entries(clocks).flatMap(([node, { testClock }]) => (testClock ? [`TEST CLOCK ${node} ${testClock}`] : [])),
  ]; // prettier-ignore
  return [
    ...wrap(parts, columns),
    ...summary.disorder.slice(0, MAX_DISORDERS).flatMap((each) => fold(disorderText(each), columns)),
  ];
}

/** The worst segments are shown; `--json` has all. */
const MAX_DISORDERS = 3;

function disorderText({ name, from, to, reordered, duplicated, retransmitted }: Disorder): string {
  const counts = [[reordered, 'overtaken'], [duplicated, 'duplicated'], [retransmitted, 'lost and sent again']] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  return `${name} ${from.node} ${from.device} ▶ ${to.node} ${to.device}: ${parts.join(' · ')}`;
} // prettier-ignore

function clockText(node: string, { boundNs, source, unknown }: ClockSummary): string {
  const why = unknown === undefined ? '' : ` (${unknown})`;
  const bound = boundNs === null ? `unknown${why}` : `±${formatNs(boundNs)}`;
  if (source === 'realtime') return `clock ${node} ${bound} by its CLOCK_REALTIME`;
  return `clock ${node} ${bound}${source === 'realtime contradicted' ? ', its CLOCK_REALTIME is contradicted' : ''}`;
}

/** Kinds of loss that are shown. */
const MAX_LOSSES = 8;

/** Changes on the nodes that are shown: on a screen the latest, since paths need the room. */
const MAX_CHANGES = 20;
const MAX_CHANGES_LIVE = 3;

export interface Table {
  groups: Group[];
  losses: Loss[];
  changes: readonly Mark[];
  summary: Summary;
}

/** Rulers of as many groups as fit into `rows`, then the summary. */
export function drawTable(
  { groups, losses, changes, summary }: Table,
  columns: number,
  rows = Infinity,
  none = 'no path joined yet',
): string[] {
  const closing = [
    ...drawSomeLosses(losses, columns, rows / 3),
    ...drawChanges(changes, rows < Infinity ? MAX_CHANGES_LIVE : MAX_CHANGES, columns),
    ...drawSummary(summary, columns),
  ];
  const room = rows - closing.length - 1;
  const whole = takeFitting(groups, (group) => [...drawGroup(group, columns), ''], room, 0);
  const shown = whole.length > 0 ? whole : takeFitting(groups, (group) => [...drawShort(group, columns), ''], room, 1);
  const left = groups.length - shown.length;
  return [
    ...shown.flat(),
    ...(left > 0 ? [`and ${counted(left, 'more path')}`] : []),
    ...(groups.length === 0 ? [none, ''] : []),
    ...closing,
  ];
}

/** Lines of the first groups, of as many as fit into so many rows, and of `least` anyway. */
function takeFitting(groups: Group[], draw: (group: Group) => string[], rows: number, least: number): string[][] {
  const taken: string[][] = [];
  let used = 0;
  for (const group of groups) {
    const lines = draw(group);
    if (used + lines.length > rows && taken.length >= least) break;
    used += lines.length;
    taken.push(lines);
  }
  return taken;
}

/** What is lost comes first, but leaves the rest room. */
function drawSomeLosses(losses: Loss[], columns: number, rows: number): string[] {
  let shown = Math.min(losses.length, MAX_LOSSES);
  while (shown > 1 && drawLosses(losses.slice(0, shown), columns).length > rows) shown--;
  const left = losses.length - shown;
  return [
    ...drawLosses(losses.slice(0, shown), columns),
    ...(left > 0 ? [` and ${counted(left, 'more kind')} of loss`] : []),
  ];
}
