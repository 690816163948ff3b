/** Figures of rows as columns. */
import type { Before } from './before.ts';
import type { RowColumns } from './messages.ts';
import { seriesOf, Series, type Row } from './rows.ts';
import type { Window } from './window.ts';

/** @param seconds of the span that are held */
export function rowColumns(rows: readonly Row[], window: Window, before: Before, seconds: number): RowColumns {
  const column = (): Float64Array => new Float64Array(rows.length);
  const segments = rows.reduce((all, row) => all + row.shape.segments.length, 0);
  const columns: RowColumns = {
    ids: new Uint32Array(rows.length), joined: column(), lost: column(), p50Ns: column(), p99Ns: column(),
    changeNs: column(), changeBoundNs: column(), boundNs: column(), bytesPerSecond: column(), innerBytes: column(), firstSegment: new Uint32Array(rows.length),
    segmentP50Ns: new Float64Array(segments), segmentP99Ns: new Float64Array(segments),
  }; // prettier-ignore
  let segment = 0;
  rows.forEach((row, at) => {
    const total = seriesOf(row, Series.total);
    columns.ids[at] = row.shape.id;
    const count = (what: number): number => window.count(seriesOf(row, what));
    columns.joined[at] = count(Series.joined);
    columns.lost[at] = count(Series.lost);
    columns.p50Ns[at] = window.quantile(total, 0.5);
    columns.p99Ns[at] = window.quantile(total, 0.99);
    columns.changeNs[at] = columns.p99Ns[at] - before.p99Ns(row);
    columns.changeBoundNs[at] = window.quantile(seriesOf(row, Series.relative), 0.5);
    columns.boundNs[at] = boundOf(row, window);
    columns.bytesPerSecond[at] = count(Series.bytes) / seconds;
    columns.innerBytes[at] =
      row.shape.tunnelBytes > 0 ? count(Series.inner) / (columns.joined[at] + columns.lost[at]) : NaN;
    columns.firstSegment[at] = segment;
    for (let series = row.base; series < row.base + row.shape.segments.length; series++, segment++) {
      columns.segmentP50Ns[segment] = window.quantile(series, 0.5);
      columns.segmentP99Ns[segment] = window.quantile(series, 0.99);
    }
  });
  return columns;
}

/** Of its times between nodes, the median: before clocks are known well the bounds of a few are a thousand times wider. NaN unknown. */
export const boundOf = (row: Row, window: Window): number => window.quantile(seriesOf(row, Series.bound), 0.5);

/** What may be handed over instead of copied. */
export const buffersOf = (rows: RowColumns): ArrayBuffer[] =>
  (Object.values(rows) as (Float64Array | Uint32Array)[]).map((column) => column.buffer as ArrayBuffer);
