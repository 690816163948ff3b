/** Figures as a table for people and as JSON for programs. Neither names the machine. */
import type { Figure } from './figure.ts';
import { spreadOf, type Spread } from './statistics.ts';

/** What a figure means nothing without. */
export interface Conditions {
  cpus: number;
  /** Linux 6.18 */
  kernel: string;
  date: string;
  command: string;
  quick: boolean;
}

export interface Measured {
  benchmark: string;
  figures: Figure[];
  /** What else kept the machine busy just before, in percent of one CPU. */
  otherwiseBusyPercent: number;
  /** Why it could not be measured. */
  failure?: string;
}

/** `unclear`: the goal lies between the quartiles. */
export type Verdict = 'reached' | 'missed' | 'unclear' | null;

export type JsonFigure = Spread & Figure & { verdict: Verdict };

export interface JsonReport extends Conditions {
  benchmarks: { name: string; otherwiseBusyPercent: number; figures: JsonFigure[]; failure?: string }[];
}

/** More than this beside a measurement can be seen in it. */
const QUIET_PERCENT = 10;

/** Linux 6.18 from 6.18.44-something. */
export function kernelSeries(release: string): string {
  return `Linux ${/^\d+\.\d+/.exec(release)?.[0] ?? release}`;
}

function judge({ goal }: Figure, { lowerQuartile, upperQuartile }: Spread): Verdict {
  if (!goal) return null;
  const isReached = (value: number): boolean => (goal.better === 'less' ? value <= goal.value : value >= goal.value);
  if (isReached(lowerQuartile) !== isReached(upperQuartile)) return 'unclear';
  return isReached(lowerQuartile) ? 'reached' : 'missed';
}

function describe(figure: Figure): JsonFigure {
  const spread = spreadOf(figure.rounds);
  return { ...figure, ...spread, verdict: judge(figure, spread) };
}

export function toJson(conditions: Conditions, all: readonly Measured[]): JsonReport {
  const benchmarks = all.map(({ benchmark, figures, ...rest }) => ({
    name: benchmark,
    figures: figures.map(describe),
    ...rest,
  }));
  return { ...conditions, benchmarks };
}

/** Three digits that matter, and thousands apart. */
export function shortNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = value.toFixed(digits);
  return text.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
}

const HEAD = ['', 'median', 'quartiles', 'unit', 'goal', ''];

function row(figure: JsonFigure): string[] {
  const { what, unit, median, lowerQuartile, upperQuartile, goal, verdict } = figure;
  const sign = goal?.better === 'less' ? '<=' : '>=';
  return [
    what,
    shortNumber(median),
    `${shortNumber(lowerQuartile)} to ${shortNumber(upperQuartile)}`,
    unit,
    goal ? `${sign} ${shortNumber(goal.value)}` : '',
    verdict ?? '',
  ];
}

function layOut(rows: string[][]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const isNumber = (column: number): boolean => column === 1 || column === 2 || column === 4;
  const pad = (cell: string, column: number): string =>
    isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  return rows.map((cells) => cells.map(pad).join('  ').trimEnd());
}

function remarks({ name, otherwiseBusyPercent, failure }: JsonReport['benchmarks'][number]): string[] {
  const busy = `${name}: the machine was busy with something else before it (${shortNumber(otherwiseBusyPercent)} % of a CPU): measure again`;
  return [
    ...(failure === undefined ? [] : [`${name}: could not be measured: ${failure}`]),
    ...(otherwiseBusyPercent > QUIET_PERCENT ? [busy] : []),
  ];
}

export function toTable({ cpus, kernel, date, command, quick, benchmarks }: JsonReport): string {
  const rows = benchmarks.flatMap(({ figures }) => figures.map(row));
  return [
    `${cpus} CPUs, ${kernel}, ${date}: ${command}${quick ? ' (quick: to try, not to quote)' : ''}`,
    ...(rows.length > 0 ? ['', ...layOut([HEAD, ...rows])] : []),
    ...benchmarks.flatMap(remarks),
  ].join('\n');
}
