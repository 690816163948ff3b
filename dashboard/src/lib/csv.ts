/** Tables for spreadsheets (RFC 4180). */
import type { RowColumns, TimeColumns } from '../worker/messages.ts';
import { destinationAddress, destinationLabel, sourceAddress, sourceLabel, type RowShape } from '../worker/rows.ts';
import { lossOf } from './sort.ts';

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

/** Rows in the order of the list. */
export function pathsCsv(order: readonly number[], rows: RowColumns, shapes: ReadonlyMap<number, RowShape>): string {
  const heads = [
    'from', 'to', 'from_address', 'to_address', 'protocol', 'offloaded', 'lost_how', 'arrived', 'lost', 'loss_share', 'p50_ns', 'p99_ns', 'bound_ns', 'tunnel', 'tunnel_bytes', 'rate_bit_per_s',
  ]; // prettier-ignore
  const at = new Map(Array.from(rows.ids, (id, index) => [id, index]));
  const lines = order.flatMap((id): Cell[][] => {
    const [shape, index] = [shapes.get(id), at.get(id)];
    if (!shape || index === undefined) return [];
    return [[
      sourceLabel(shape), destinationLabel(shape), sourceAddress(shape), destinationAddress(shape), shape.protocol,
      shape.isSuper ? 'yes' : 'no', shape.loss, rows.joined[index], rows.lost[index], lossOf(rows, index),
      rows.p50Ns[index], rows.p99Ns[index], rows.boundNs[index], shape.tunnel, shape.tunnelBytes, rows.bytesPerSecond[index] * 8,
    ]]; // prettier-ignore
  });
  return csv(heads, lines);
}
