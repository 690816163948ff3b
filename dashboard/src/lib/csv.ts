/** Tables for spreadsheets (RFC 4180). */
import type { TimeColumns } from '../worker/messages.ts';
import { destinationAddress, destinationLabel, sourceAddress, sourceLabel, type RowShape } from '../worker/rows.ts';
import type { ListColumn } from './list-columns.ts';
import type { Figures } from './row.ts';

/** NaN is an empty cell. */
export type Cell = string | number;

/** What a spreadsheet would take for a formula: names come from elsewhere. */
const FORMULA = /^[=+\-@\t\r\n]/;

function cell(value: Cell): string {
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (heads: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [heads, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');

const iso = (second: number): string => new Date(second * 1000).toISOString();

export function timeCsv(time: TimeColumns): string {
  const { axis, n, p50Ns, p90Ns, p99Ns, queueP50Ns, queueP99Ns, bytes, joined, lost, again } = time;
  const heads = [
    'time', 'n', 'p50_ns', 'p90_ns', 'p99_ns', 'rate_bit_per_s', 'arrived', 'lost', 'sent_again', 'queue_p50_ns', 'queue_p99_ns',
  ]; // prettier-ignore
  const rows = Array.from(n, (_, at) => [
    iso(axis.from + at), n[at], p50Ns[at], p90Ns[at], p99Ns[at], bytes[at] * 8, joined[at], lost[at], again[at], queueP50Ns[at], queueP99Ns[at],
  ]); // prettier-ignore
  return csv(heads, rows);
}

/** What a column of the list becomes. The ruler is a picture. */
const ofColumn: Record<ListColumn, Record<string, (shape: RowShape, figures: Figures) => Cell>> = {
  protocol: { protocol: ({ protocol }) => protocol, offloaded: ({ isSuper }) => (isSuper ? 'yes' : 'no') },
  ruler: {},
  n: { arrived: (_, { joined }) => joined, lost: (_, { lost }) => lost },
  p50: { p50_ns: (_, { p50Ns }) => p50Ns },
  p99: { p99_ns: (_, { p99Ns }) => p99Ns },
  change: { p99_change_ns: (_, { changeNs }) => changeNs, p99_change_bound_ns: (_, { changeBoundNs }) => changeBoundNs },
  bytes: { tunnel: ({ tunnel }) => tunnel, tunnel_bytes: ({ tunnelBytes }) => tunnelBytes },
  rate: { rate_bit_per_s: (_, { bytesPerSecond }) => bytesPerSecond * 8 },
  loss: { lost_how: ({ loss }) => loss, loss_share: (_, { lossShare }) => lossShare },
}; // prettier-ignore

const ends: Record<string, (shape: RowShape) => Cell> = {
  from: sourceLabel,
  to: destinationLabel,
  from_address: sourceAddress,
  to_address: destinationAddress,
};

/** With the clocks' bound where there is a time between nodes. */
const bound = { bound_ns: (_: RowShape, { boundNs }: Figures): Cell => boundNs };

/** Paths in their order, with what the columns show. */
export function pathsCsv(
  paths: readonly { shape: RowShape; figures: Figures }[],
  chosen: readonly ListColumn[],
): string {
  const hasTimes = chosen.includes('p50') || chosen.includes('p99');
  const columns = Object.assign({}, ends, ...chosen.map((column) => ofColumn[column]), hasTimes ? bound : {}) as Record<
    string,
    (shape: RowShape, figures: Figures) => Cell
  >;
  return csv(
    Object.keys(columns),
    paths.map(({ shape, figures }) => Object.values(columns).map((cellOf) => cellOf(shape, figures))),
  );
}
