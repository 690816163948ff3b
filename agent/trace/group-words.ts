/** What is said of a group of paths: its ends, times, and what its tunnel adds. */
import { quantile, type Histogram } from '../histogram/histogram.ts';
import type { Group } from './groups.ts';
import { formatCount, formatNs, formatWire, round3 } from './numbers.ts';
import { whoOf } from './shape.ts';

/** Half of all bounds are smaller: the figure that stands beside a median. */
const boundOf = (bounds: Histogram): number => (bounds.count ? quantile(bounds, 0.5) : NaN);

export function timeOf(times: Histogram, bounds: Histogram, q: number, withBound: boolean): string {
  const valueNs = quantile(times, q);
  const boundNs = boundOf(bounds);
  if (Number.isNaN(valueNs)) return 'unknown';
  const text = formatWire(valueNs, boundNs);
  return withBound && boundNs > 0 && !text.startsWith('<') ? `${text} ±${formatNs(boundNs)}` : text;
}

/** `+50 B (3.4 %)`: what the tunnel adds to a wire packet, and to how much. */
export function formatTunnel(group: Group): string {
  if (group.tunnelBytes === 0 || group.innerPackets === 0) return '';
  const percent = round3((100 * group.tunnelBytes * group.innerPackets) / group.innerBytes);
  return `+${group.tunnelBytes} B (${percent} %)`;
}

export const headOf = (group: Group): string =>
  `${whoOf(group)}  ${group.protocol}${group.isSuper ? ', super-packets' : ''}  n ${formatCount(group.count)}`;

/** Where the head bears names, the addresses stand nowhere else. */
export const addressesOf = ({ source, destination, ends }: Group): string[] =>
  ends.source === undefined && ends.destination === undefined ? [] : [` ${source} ▶ ${destination}`];

export function totalOf(group: Group): string {
  const middle = timeOf(group.total, group.totalBounds, 0.5, true);
  const text = `total p50 ${middle} · p99 ${timeOf(group.total, group.totalBounds, 0.99, false)}`;
  const known = group.count - group.unknown;
  return group.unknown && known ? `${text} (of ${formatCount(known)}: no clock for the others)` : text;
}

/** In place of the pod's own device, past which somebody's program redirected. */
export const HANDED = 'handed over';

/** One hop has no time: nothing lies between it and another. */
export const hasTimes = (group: Group): boolean => group.segments.length > 0;

export const timesOf = ({ times, bounds }: Group['segments'][number]): string =>
  `p50 ${timeOf(times, bounds, 0.5, true)} · p99 ${timeOf(times, bounds, 0.99, false)}`;
