/** Figures of the page, beside those that the terminal shares (agent/trace/numbers.ts). */
import { lengthOf, type Span } from './span.ts';
import { formatClock, formatCount, formatNs, round3 } from '../../../agent/trace/numbers.ts';

function scaled(value: number, step: number, units: readonly string[]): string {
  if (!Number.isFinite(value)) return 'unknown';
  let unit = 0;
  let rest = round3(value);
  for (; Math.abs(rest) >= step && unit < units.length - 1; unit++) rest = round3(rest / step);
  return `${rest} ${units[unit]}`;
}

export const formatBitRate = (bytesPerSecond: number): string =>
  scaled(bytesPerSecond * 8, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);

/** Packets; what is not nothing never reads as nothing. */
export const formatPerSecond = (rate: number): string =>
  rate > 0 && rate < 0.01 ? '< 0.01 /s' : `${scaled(rate, 1000, ['', 'k', 'M', 'G']).trim()} /s`;

export const formatBytes = (bytes: number): string => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB']);

/** Part of a whole, in percent; what is not nothing never reads as nothing. */
export function formatPercent(part: number): string {
  if (Number.isNaN(part)) return '';
  if (part === 0) return '0 %';
  return part < 0.0001 ? '< 0.01 %' : `${round3(part * 100)} %`;
}

/** Counts where room is short. */
export const formatMany = (value: number): string =>
  value < 10_000 ? formatCount(value) : scaled(value, 1000, ['', 'k', 'M', 'G']).replace(' ', '');

export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** 14:03:20 – 14:04:20 (60 s). */
export const formatSpan = (span: Span): string =>
  `${formatClock(span.from * 1000)} – ${formatClock(span.to * 1000)} (${formatWindow(lengthOf(span))})`;

/** 60 s, 5 min. */
export const formatWindow = (seconds: number): string =>
  seconds < 120 || seconds % 60 > 0 ? `${seconds} s` : `${seconds / 60} min`;

/** +1.2 ms, −30 µs. */
export const formatChange = (valueNs: number): string =>
  valueNs === 0 ? '0 ns' : `${valueNs > 0 ? '+' : '−'}${formatNs(Math.abs(valueNs))}`;

/** Exactly, for those who ask by pointing at it. */
export const exactNs = (valueNs: number): string =>
  Number.isNaN(valueNs) ? 'unknown' : `${formatCount(Math.round(valueNs))} ns`;

/** With an end of its own, as browsers' errors have, or ours. */
export const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);
