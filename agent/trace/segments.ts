/** A group as a table of its segments, with bars: up to the median whole, from there to the 99th percentile light. */
import { quantile } from '../histogram/histogram.ts';
import { addressesOf, formatTunnel, HANDED, headOf, timeOf, totalOf } from './group-words.ts';
import type { Group } from './groups.ts';
import { fold, widthsOf } from './lines.ts';

type Segment = Group['segments'][number];

const TITLES = ['segment', 'between', 'p50', 'p99'];
/** A narrower bar says nothing. */
const LEAST_BAR = 8;
const MOST_BAR = 40;

/** Undefined where it does not fit. */
export function drawSegments(group: Group, columns: number): string[] | undefined {
  const cells = group.segments.map((segment, at) => cellsOf(group, segment, at));
  const widths = widthsOf(TITLES, cells);
  const lineOf = (row: string[]): string => row.map((cell, at) => cell.padEnd(widths[at])).join('  ');
  const width = 3 + lineOf(TITLES).length;
  if (group.segments.length === 0 || width > columns) return undefined;
  const bars = drawBars(group.segments, columns - width - 2);
  const rows = cells.map((row, at) => ` ${group.segments[at].isSleeved ? '║' : '│'} ${lineOf(row)}  ${bars[at]}`);
  const tunnel = formatTunnel(group);
  const total = ` ${totalOf(group)}${tunnel && ` · ${group.tunnel} ${tunnel}`}`;
  return [
    ...fold(headOf(group), columns),
    ...addressesOf(group).flatMap((line) => fold(line, columns)),
    `   ${lineOf(TITLES)}`,
    ...rows,
    ...(group.isHanded ? [` │ ${HANDED}`] : []),
    ...fold(total, columns),
  ].map((line) => line.trimEnd());
}

function cellsOf({ hops }: Group, { name, times, bounds }: Segment, at: number): string[] {
  const [from, to] = [hops[at], hops[at + 1]];
  const place = `${from.node} ${from.device} ▶ ${to.node === from.node ? '' : `${to.node} `}${to.device}`;
  return [name, place, timeOf(times, bounds, 0.5, true), timeOf(times, bounds, 0.99, false)];
}

/** On one axis of square roots: short times stay visible beside long ones. */
function drawBars(segments: readonly Segment[], room: number): string[] {
  const width = Math.min(room, MOST_BAR);
  if (width < LEAST_BAR) return segments.map(() => '');
  const lengths = segments.map(({ times }) => [0.5, 0.99].map((q) => Math.sqrt(Math.max(0, quantile(times, q)))));
  // Of what nobody knows there is no length.
  const longest = Math.max(1, ...lengths.flat().filter((length) => !Number.isNaN(length)));
  return lengths.map(([p50, p99]) => {
    if (Number.isNaN(p99)) return '┄┄┄';
    const [body, whole] = [p50, p99].map((length) => Math.round((length / longest) * width));
    return '█'.repeat(Math.max(1, body)) + '░'.repeat(Math.max(0, whole - Math.max(1, body)));
  });
}
