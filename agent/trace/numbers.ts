/** Figures as people read them: at most three significant digits, unit scaled, `unknown` where unknown. */

const units = [
  { name: 'ns', ns: 1 },
  { name: 'µs', ns: 1e3 },
  { name: 'ms', ns: 1e6 },
  { name: 's', ns: 1e9 },
];

/** Three significant digits without trailing zeros. */
export const round3 = (value: number): number => Number(value.toPrecision(3));

export function formatNs(valueNs: number): string {
  if (Number.isNaN(valueNs)) return 'unknown';
  const rounded = round3(Math.round(valueNs));
  const unit = units.findLast((candidate) => Math.abs(rounded) >= candidate.ns) ?? units[0];
  return `${round3(rounded / unit.ns)} ${unit.name}`;
}

/** A time between nodes: what lies under nothing but the clock's bound is not told as a time that ran backwards. */
export function formatWire(valueNs: number, boundNs: number): string {
  if (valueNs <= 0 && boundNs > 0 && -valueNs <= boundNs) return `< ${formatNs(boundNs)}`;
  return formatNs(valueNs);
}

/** Made once: toLocaleString makes one for every figure. */
const grouped = new Intl.NumberFormat('en-US');

export const formatCount = (value: number): string => grouped.format(value);

/** `1 route`, `1,012 routes`. */
export const counted = (count: number, what: string): string =>
  `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;

/** 14:03:20 where the reader is. */
export const formatClock = (wallMs: number): string => new Date(wallMs).toTimeString().slice(0, 8);

/** Cut down, never up: 100 % means all. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '';
  return `${Math.floor((part / whole) * 10_000) / 100} %`;
}
