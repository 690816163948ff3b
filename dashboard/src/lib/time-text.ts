/** What the time panel says in words: of one second, and of all that it shows. */
import { markText } from '../../../agent/marks/marks.ts';
import { formatClock, formatCount, formatNs } from '../../../agent/trace/numbers.ts';
import type { TimeColumns } from '../worker/messages.ts';
import { BANDS, bandStart } from './bands.ts';
import type { MarkGroup } from './marks.ts';
import { exactNs, formatBitRate, formatSpan } from './format.ts';

/** Of the second at this place, and of one cell of the map. */
export function secondText(time: TimeColumns, at: number, band: number | undefined): string[] {
  const { n, joined, lost, again, bytes } = time;
  const queueNs = time.queueP99Ns[at];
  return [
    formatClock((time.axis.from + at) * 1000),
    ...(n[at] > 0 ? percentiles(time, at) : ['no times']),
    ...(band === undefined || n[at] === 0 ? [] : [cellText(time, at, band)]),
    formatBitRate(bytes[at]),
    `lost ${formatCount(lost[at])} of ${formatCount(lost[at] + joined[at])}`,
    ...(again[at] > 0 ? [`sent again ${formatCount(again[at])}`] : []),
    ...(Number.isNaN(queueNs) ? [] : [`queue p99 ${formatNs(queueNs)}`]),
  ];
}

const percentiles = ({ n, p50Ns, p90Ns, p99Ns }: TimeColumns, at: number): string[] => [
  `p50 ${exactNs(p50Ns[at])}`,
  `p90 ${exactNs(p90Ns[at])}`,
  `p99 ${exactNs(p99Ns[at])}`,
  `n ${formatCount(n[at])}`,
];

const cellText = ({ heat }: TimeColumns, at: number, band: number): string =>
  `${formatNs(bandStart(band))} to ${formatNs(bandStart(band + 1))}: ${formatCount(heat[at * BANDS + band])}`;

/** More are in the table. */
const MOST_TOLD = 6;

export function groupText({ from, marks }: MarkGroup): string[] {
  const more = marks.length - MOST_TOLD;
  const told = marks.slice(0, MOST_TOLD).map(markText);
  return [formatClock(from * 1000), ...told, ...(more > 0 ? [`and ${formatCount(more)} more`] : [])];
}

/** For those who do not see it. */
export function summaryText({ axis, n, p99Ns, lost, joined }: TimeColumns, of: string): string {
  const [packets, all] = [sum(n), sum(lost) + sum(joined)];
  const known = Array.from(p99Ns, (timeNs, at) => ({ timeNs, at })).filter(({ timeNs }) => !Number.isNaN(timeNs));
  const worst = known.sort((a, b) => b.timeNs - a.timeNs).at(0);
  const slowest = worst
    ? `, the 99th percentile is highest at ${formatClock((axis.from + worst.at) * 1000)} with ${formatNs(worst.timeNs)}`
    : '';
  return `${of}, ${formatSpan(axis)}: ${formatCount(packets)} times${slowest}; ${formatCount(sum(lost))} of ${formatCount(all)} packets lost`;
}

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);

/** `encap@n1` as people read it. */
export const segmentLabel = (choice: string): string => choice.replace('@', ' · ');
