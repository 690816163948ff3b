/** How what the inspector looks at stands beside the other paths that are shown. */
import { compareSegment, type Compared, type Comparison } from '../lib/compare.ts';
import type { Subject } from '../lib/subject.ts';
import { seriesOf, Series, type Row } from './rows.ts';
import type { Window } from './window.ts';

export interface Beside {
  /** What is compared. */
  subject: Subject;
  /** The segment that is looked at, or those around the hop. */
  stretches: { segment: number; comparison: Comparison }[];
  /** Paths through the hop, this one too; 0 of a segment. */
  through: number;
}

/** Undefined for a node, and for what the row does not have. */
export function besideOf(
  row: Row | undefined,
  subject: Subject | undefined,
  rows: readonly Row[],
  window: Window,
): Beside | undefined {
  if (!row || !subject || subject.kind === 'node') return undefined;
  const { at } = subject;
  const around = subject.kind === 'segment' ? [at] : [at - 1, at];
  const compared = (one: Row): Compared => ({
    shape: one.shape,
    packets: window.count(seriesOf(one, Series.joined)) + window.count(seriesOf(one, Series.lost)),
    p99Ns: (segment) => window.quantile(one.base + segment, 0.99),
  });
  const all = rows.map(compared);
  return {
    subject,
    stretches: around
      .filter((segment) => row.shape.segments[segment] !== undefined)
      .map((segment) => ({ segment, comparison: compareSegment(compared(row), segment, all) })),
    through: subject.kind === 'hop' ? countThrough(row, at, rows) : 0,
  };
}

function countThrough({ shape }: Row, at: number, rows: readonly Row[]): number {
  const hop = shape.hops[at];
  if (!hop) return 0;
  return rows.filter((row) => row.shape.hops.some(({ node, device }) => node === hop.node && device === hop.device))
    .length;
}
