/** The list of losses: its order, its words, and the filter that a row stands for. */
import { explainLoss } from '../../../agent/trace/loss-words.ts';
import { formatClock, formatCount } from '../../../agent/trace/numbers.ts';
import type { DropRow, Example } from '../worker/drops.ts';
import { nameWord } from './narrow.ts';
import { sortedBy, type SortOf } from './sort.ts';
import { formatMany, formatPerSecond, formatPercent } from './format.ts';

export const dropColumns = ['what', 'where', 'n', 'rate', 'paths', 'first', 'last'] as const;
export type DropColumn = (typeof dropColumns)[number];

export type DropSort = SortOf<DropColumn>;

export const sortDropsBy = (column: DropColumn, current: DropSort): DropSort =>
  sortedBy(column, current, ['what', 'where']);

const figures: Record<DropColumn, (row: DropRow) => number | string> = {
  what: ({ verdict, reason, symbol }) => `${verdict} ${reason} ${symbol}`,
  where: ({ node, device, hook }) => `${node} ${device} ${hook}`,
  n: ({ count }) => count,
  rate: ({ estimated }) => estimated,
  paths: ({ pairs }) => pairs,
  first: ({ firstMs }) => firstMs,
  last: ({ lastMs }) => lastMs,
};

export function sortDrops(rows: readonly DropRow[], { by, descending }: DropSort): DropRow[] {
  const figure = figures[by];
  const sign = descending ? -1 : 1;
  const compare = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0);
  return rows.toSorted((a, b) => sign * compare(figure(a), figure(b)) || compare(a.text, b.text));
}

/** A word of the filter, and what it is called on the page. */
export interface FilterWord {
  text: string;
  word: string;
}

const wordOf = (key: string, text: string): FilterWord | undefined =>
  text === '' ? undefined : { text, word: nameWord(key, text) };

export interface ListedDrop {
  text: string;
  verdict: FilterWord;
  reason: string;
  symbol: string;
  node: FilterWord | undefined;
  device: FilterWord | undefined;
  /** What else is known of the place. */
  place: string;
  n: string;
  nExactly: string;
  /** What the kernel counted; empty where it did not: in pods not all of what it drops has a device. */
  exact: string;
  rate: string;
  paths: string;
  pathsExactly: string;
  first: string;
  last: string;
  example: string;
  identity: string;
  means: string;
  look: string;
}

/** @param seconds that the figures cover */
export function listDrop(row: DropRow, pairs: number, seconds: number): ListedDrop {
  const { count, estimated, exact, example, verdict, hook, inPod } = row;
  const place = [inPod ? 'in the pod' : verdict === 'vanished' ? 'behind it' : '', hook === null ? '' : `${hook} hook`];
  return {
    text: row.text,
    verdict: { text: verdict, word: `verdict:${verdict}` },
    reason: row.reason || (verdict === 'vanished' ? 'no kernel said why' : ''),
    symbol: row.symbol,
    node: wordOf('node', row.node),
    device: wordOf('device', row.device),
    place: place.filter((part) => part !== '').join(', '),
    n: formatMany(count),
    nExactly: `${formatCount(count)} sampled packets, which stand for ${formatCount(Math.round(estimated))}`,
    exact: exact > 0 && row.reason !== '' ? formatMany(exact) : '',
    rate: formatPerSecond(estimated / seconds),
    paths: `${formatMany(row.pairs)} of ${formatMany(pairs)}`,
    pathsExactly: formatPercent(row.pairs / pairs),
    first: formatClock(row.firstMs),
    last: formatClock(row.lastMs),
    example: describeExample(example),
    identity: example.identity,
    ...explainLoss(row),
  };
}

/** Who to whom, with the addresses where those say more. */
function describeExample({ from, to, source, destination, protocol, identity, atMs }: Example): string {
  const addresses = from === source && to === destination ? '' : ` (${source} ▸ ${destination})`;
  return `${from} ▸ ${to} ${protocol}${addresses} at ${formatClock(atMs)}, identity ${identity}`;
}

/** Only what was lost like this. */
export const wordsOf = ({ verdict, node, device }: ListedDrop): string[] =>
  [verdict, node, device].flatMap((part) => (part ? [part.word] : []));
