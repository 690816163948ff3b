/** What the cells of the node × node matrix say. */
import { formatCount, formatNs, formatWire } from '../../../agent/trace/numbers.ts';
import type { MatrixCell } from '../worker/matrix.ts';
import { formatPercent } from './format.ts';
import { standingText } from './map-items.ts';

export const cellKey = (from: string, to: string): string => `${from} ${to}`;

export const lossOf = ({ packets, lost }: MatrixCell): number => lost / (packets + lost);

export const isUnknown = (cell: MatrixCell | undefined): boolean => !cell || Number.isNaN(cell.p50Ns);

/** One way against the other: said only where no clock can make it up. */
export function asymmetry(there: MatrixCell, back: MatrixCell | undefined): string {
  if (!back || isUnknown(there) || isUnknown(back)) return 'asymmetry unknown';
  // A clock that is wrong by the bound adds it to one way and takes it from the other.
  const boundNs = there.boundNs + back.boundNs;
  const differenceNs = there.p50Ns - back.p50Ns;
  if (Math.abs(differenceNs) <= boundNs) return `no asymmetry beyond ±${formatNs(boundNs)}`;
  const way = differenceNs > 0 ? 'longer' : 'shorter';
  return `${formatNs(Math.abs(differenceNs))} ±${formatNs(boundNs)} ${way} than back`;
}

export function describeCell(cell: MatrixCell, back: MatrixCell | undefined): string {
  const { from, to, packets, lost, p50Ns, p99Ns, boundNs } = cell;
  const times = isUnknown(cell)
    ? 'times unknown: the clocks do not tell'
    : `p50 ${formatWire(p50Ns, boundNs)} ±${formatNs(boundNs)}, p99 ${formatWire(p99Ns, boundNs)}`;
  const loss = `${formatPercent(lossOf(cell)) || 'unknown'} lost on the wire (${formatCount(lost)} of ${formatCount(packets + lost)})`;
  return `${from} ▸ ${to}: ${[times, loss, standingText(cell), asymmetry(cell, back)].join(' · ')}`;
}

/** Nodes with which most is slow that could be compared: with two others at least, and with more than any of these. */
export function slowNodes(cells: readonly MatrixCell[]): string[] {
  const compared = cells.filter((cell) => cell.compared > 0);
  const found: string[] = [];
  for (let left = compared.filter(({ slow }) => slow > 0); left.length > 0;) {
    const nodes = [...new Set(left.flatMap(({ from, to }) => [from, to]))];
    const touching = (of: readonly MatrixCell[], node: string): MatrixCell[] =>
      of.filter(({ from, to }) => from === node || to === node);
    const [worst] = nodes.sort((a, b) => touching(left, b).length - touching(left, a).length);
    const slow = touching(left, worst);
    const partners = new Set(slow.flatMap(({ from, to }) => [from, to])).size - 1;
    if (partners < 2 || 2 * slow.length < touching(compared, worst).length) break;
    found.push(worst);
    left = left.filter((cell) => !slow.includes(cell));
  }
  return found;
}

/** The cell that an arrow key leads to. */
export function cellAfter(count: number, [row, column]: [number, number], key: string): [number, number] | undefined {
  const within = (at: number): number => Math.max(0, Math.min(count - 1, at));
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  return step && [within(row + step[0]), within(column + step[1])];
}
