/** From which node to which, and how long the wire between them takes. */
import { nameWord } from '../lib/narrow.ts';
import { boundOf } from './figures.ts';
import type { NodeHealth } from './health.ts';
import { compare, comparedOf, newComparison, standingKey, type Comparison, type Standings } from './map/compare.ts';
import type { Compared } from './map/view.ts';
import { seriesOf, Series, type Row, type Way } from './rows.ts';
import type { Window } from './window.ts';

export interface MatrixCell extends Compared {
  from: string;
  to: string;
  /** That arrived, and those that a hop sent and no hop received. */
  packets: number;
  lost: number;
  /** Of the wire; NaN where the clocks do not tell. */
  p50Ns: number;
  p99Ns: number;
  /** By how much these may be off; NaN unknown. */
  boundNs: number;
  words: string[];
}

export interface MatrixView {
  /** In the order of their names, those that came later behind. */
  nodes: string[];
  cells: MatrixCell[];
  /** Lost on the wire, nobody knows to which node. */
  unplaced: number;
}

export interface Measuring {
  rows: readonly Row[];
  window: Window;
  nodes: readonly Pick<NodeHealth, 'name'>[];
  standings: Standings;
}

const MAX_NODES = 512;

export function createMatrix(): (measuring: Measuring) => MatrixView {
  let order: string[] = [];
  return (measuring) => {
    const { cells, unplaced } = measure(measuring);
    const known = new Set(order);
    const names = [...measuring.nodes.map(({ name }) => name), ...cells.flatMap(({ from, to }) => [from, to])];
    const added = [...new Set(names)].filter((name) => !known.has(name)).sort(collator.compare);
    order = [...order, ...added].slice(0, MAX_NODES);
    return { nodes: order, cells, unplaced };
  };
}

const collator = new Intl.Collator('en', { numeric: true });

interface Cell {
  cell: MatrixCell;
  series: number[];
  comparison: Comparison;
}

function measure({ rows, window, standings }: Measuring): Omit<MatrixView, 'nodes'> {
  const cells = new Map<string, Cell>();
  const wiresOf = createWires(cells);
  let homes: Map<string, string> | undefined;
  let unplaced = 0;
  for (const row of rows) {
    for (const { segment, cell } of wiresOf(row.way)) addWire(cell, row, segment, window, standings);
    if (!row.way.isLost) continue;
    const { hops, destination } = row.shape;
    const last = hops[hops.length - 1];
    if (!isSent(last)) continue;
    const lost = window.count(seriesOf(row, Series.lost));
    const home = (homes ??= homesOf(rows)).get(destination);
    if (home === undefined) unplaced += lost;
    else if (home !== last.node) cellOf(cells, last.node, home).cell.lost += lost;
  }
  return { cells: Array.from(cells.values(), (cell) => finish(cell, window)), unplaced };
}

interface Wire {
  segment: number;
  cell: Cell;
}

/** Rows of one way have the same ones. */
function createWires(cells: Map<string, Cell>): (way: Way) => Wire[] {
  const known = new Map<Way, Wire[]>();
  const wiresOf = ({ segments, nodes }: Way): Wire[] =>
    segments.flatMap(({ isWire }, segment) =>
      isWire ? [{ segment, cell: cellOf(cells, nodes[segment], nodes[segment + 1]) }] : [],
    );
  return (way) => {
    let wires = known.get(way);
    if (!wires) known.set(way, (wires = wiresOf(way)));
    return wires;
  };
}

/** Through what leads to other nodes. */
const isSent = ({ kind, direction }: Row['shape']['hops'][number]): boolean =>
  (kind === 'uplink' || kind === 'physical') && (direction === 'egress' || direction === 'transmit');

/** At which node an address is: where its packets came from or arrived, or where its name says. */
function homesOf(rows: readonly Row[]): Map<string, string> {
  const homes = new Map<string, string>();
  for (const { shape } of rows) {
    const { hops, source, destination, ends, isLost } = shape;
    if (ends.destination?.node) homes.set(destination, ends.destination.node);
    if (hops[0].kind === 'pod') homes.set(source, hops[0].node);
    if (!isLost && !isSent(hops[hops.length - 1])) homes.set(destination, hops[hops.length - 1].node);
  }
  return homes;
}

function cellOf(cells: Map<string, Cell>, from: string, to: string): Cell {
  const key = `${from} ${to}`;
  let cell = cells.get(key);
  if (!cell) {
    const words = [from, to].sort().map((node) => nameWord('node', node));
    const figures: MatrixCell = {
      from, to, packets: 0, lost: 0, p50Ns: NaN, p99Ns: NaN, boundNs: 0, words, ...comparedOf(newComparison()),
    }; // prettier-ignore
    cell = { cell: figures, series: [], comparison: newComparison() };
    cells.set(key, cell);
  }
  return cell;
}

function addWire(
  { cell, series, comparison }: Cell,
  row: Row,
  segment: number,
  window: Window,
  standings: Standings,
): void {
  const wire = row.base + segment;
  cell.packets += window.count(seriesOf(row, Series.joined)) + window.count(seriesOf(row, Series.lost));
  const boundNs = boundOf(row, window);
  // What was lost later has no time from end to end, but a row that arrived tells the bound.
  if (!row.way.isLost) cell.boundNs = Math.max(cell.boundNs, boundNs);
  series.push(wire);
  if (standings.size > 0) compare(comparison, window.count(wire), standings.get(standingKey(row.shape.name, segment)));
}

function finish({ cell, series, comparison }: Cell, window: Window): MatrixCell {
  const [p50Ns, p99Ns] = Number.isNaN(cell.boundNs) ? [NaN, NaN] : window.quantiles(series, [0.5, 0.99]);
  return { ...cell, ...comparedOf(comparison), p50Ns, p99Ns };
}
