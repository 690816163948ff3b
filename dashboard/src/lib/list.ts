/** What a row of the path list shows, as text; made anew only for rows that somebody can see. */
import { formatCount, formatNs, formatWire } from '../../../agent/trace/numbers.ts';
import type { RowColumns } from '../worker/messages.ts';
import { destinationLabel, sourceLabel, type RowShape } from '../worker/rows.ts';
import { exactNs, formatBitRate, formatChange, formatMany, formatPercent } from './format.ts';
import { halves, layMini, MINI_WIDTH, type Mini, type Scale } from './ruler.ts';
import { lossOf } from './sort.ts';

export interface Listed {
  id: number;
  shape: RowShape;
  source: string;
  destination: string;
  mini: Mini;
  n: string;
  nExactly: string;
  p50: string;
  p50Exactly: string;
  p99: string;
  p99Exactly: string;
  change: string;
  changeExactly: string;
  /** At least twice what it was, and no matter of clocks. */
  isSlower: boolean;
  rate: string;
  loss: string;
  isLossy: boolean;
}

export function listRow(rows: RowColumns, at: number, shape: RowShape, scale: Scale, unit: number): Listed {
  const n = rows.joined[at] + rows.lost[at];
  return {
    id: shape.id,
    shape,
    source: sourceLabel(shape),
    destination: destinationLabel(shape),
    mini: layMini(segmentsP50(rows, at, shape), shape.segments, scale, unit),
    n: formatMany(n),
    nExactly: formatCount(n),
    p50: shape.isLost ? '' : formatWire(rows.p50Ns[at], rows.boundNs[at]),
    p50Exactly: exactNs(rows.p50Ns[at]),
    p99: shape.isLost ? 'never' : formatWire(rows.p99Ns[at], rows.boundNs[at]),
    p99Exactly: shape.loss || exactNs(rows.p99Ns[at]),
    ...changeOf(rows, at),
    rate: formatBitRate(rows.bytesPerSecond[at]),
    loss: formatPercent(lossOf(rows, at)),
    isLossy: rows.lost[at] > 0,
  };
}

function changeOf(rows: RowColumns, at: number): Pick<Listed, 'change' | 'changeExactly' | 'isSlower'> {
  const [change, bound] = [rows.changeNs[at], rows.changeBoundNs[at]];
  if (Number.isNaN(change)) return { change: '', changeExactly: 'too few packets, now or before', isSlower: false };
  const isKnown = Math.abs(change) > bound;
  return {
    change: isKnown || bound === 0 ? formatChange(change) : Number.isNaN(bound) ? 'unknown' : `< ${formatNs(bound)}`,
    changeExactly: `${exactNs(change)} ± ${exactNs(bound)} against as many seconds before`,
    isSlower: isKnown && rows.p99Ns[at] >= 2 * (rows.p99Ns[at] - change),
  };
}

const segmentsP50 = (rows: RowColumns, at: number, { segments }: RowShape): Float64Array =>
  rows.segmentP50Ns.subarray(rows.firstSegment[at], rows.firstSegment[at] + segments.length);

/** Lengths grow in steps of this: a picture that breathes with every view is no calm one. */
const UNIT_STEP = 1.25;

/** Pixels of a scaled nanosecond at which all rows' thin rulers fit. */
export function miniUnit(rows: RowColumns, shapes: readonly { at: number; shape: RowShape }[], scale: Scale): number {
  let longest = 1e-9;
  for (const { at, shape } of shapes) {
    const wire = shape.segments.findIndex((segment) => segment.isWire);
    const [left, right] = halves(segmentsP50(rows, at, shape), wire, scale);
    longest = Math.max(longest, left, right);
  }
  return MINI_WIDTH / 2 / UNIT_STEP ** Math.ceil(Math.log(longest) / Math.log(UNIT_STEP));
}
