/** What a row of the path list shows, as text; made only for rows that somebody can see. */
import { formatCount, formatNs, formatWire } from '../../../agent/trace/numbers.ts';
import { destinationLabel, sourceLabel, type RowShape } from '../worker/rows.ts';
import { exactNs, formatBitRate, formatChange, formatMany, formatPercent } from './format.ts';
import { halves, layMini, MINI_WIDTH, type Mini, type Scale } from './ruler.ts';
import type { Figures } from './row.ts';

export interface Listed {
  id: number;
  name: string;
  source: string;
  destination: string;
  /** The same with addresses. */
  ends: string;
  protocol: string;
  isSuper: boolean;
  isLost: boolean;
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
  bytes: string;
  rate: string;
  loss: string;
  isLossy: boolean;
}

export function listRow(shape: RowShape, figures: Figures, scale: Scale, unit: number): Listed {
  const { joined, lost, lossShare, p50Ns, p99Ns, boundNs } = figures;
  const [source, destination] = [sourceLabel(shape), destinationLabel(shape)];
  return {
    id: shape.id,
    name: shape.name,
    source,
    destination,
    ends: `${source} ▸ ${destination} (${shape.source} ▸ ${shape.destination})`,
    protocol: shape.protocol,
    isSuper: shape.isSuper,
    isLost: shape.isLost,
    mini: layMini(figures.segmentP50Ns, shape.segments, scale, unit),
    n: formatMany(joined + lost),
    nExactly: formatCount(joined + lost),
    p50: shape.isLost ? '' : formatWire(p50Ns, boundNs),
    p50Exactly: exactNs(p50Ns),
    p99: shape.isLost ? 'never' : formatWire(p99Ns, boundNs),
    p99Exactly: shape.loss || exactNs(p99Ns),
    ...changeOf(figures),
    bytes: shape.tunnelBytes > 0 ? `${shape.tunnelBytes} B` : '',
    rate: formatBitRate(figures.bytesPerSecond),
    loss: formatPercent(lossShare),
    isLossy: lossShare > 0,
  };
}

function changeOf(figures: Figures): Pick<Listed, 'change' | 'changeExactly' | 'isSlower'> {
  const { changeNs: change, changeBoundNs: bound, p99Ns } = figures;
  if (Number.isNaN(change)) return { change: '', changeExactly: 'too few packets, now or before', isSlower: false };
  const isKnown = Math.abs(change) > bound;
  return {
    change: isKnown || bound === 0 ? formatChange(change) : Number.isNaN(bound) ? 'unknown' : `< ${formatNs(bound)}`,
    changeExactly: `${exactNs(change)} ± ${exactNs(bound)} against as many seconds before`,
    isSlower: isKnown && p99Ns >= 2 * (p99Ns - change),
  };
}

/** Lengths grow in steps of this: a picture that breathes with every view is no calm one. */
const UNIT_STEP = 1.25;

/** Pixels of a scaled nanosecond at which the thin rulers of all these rows fit. */
export function miniUnit(
  rows: Iterable<{ segments: RowShape['segments']; p50Ns: ArrayLike<number> }>,
  scale: Scale,
): number {
  let longest = 1e-9;
  for (const { segments, p50Ns } of rows) {
    const wire = segments.findIndex((segment) => segment.isWire);
    longest = Math.max(longest, ...halves(p50Ns, wire, scale));
  }
  return MINI_WIDTH / 2 / UNIT_STEP ** Math.ceil(Math.log(longest) / Math.log(UNIT_STEP));
}
