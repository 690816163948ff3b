/** The columns of the list of paths, in their order, and which of them somebody chose. */
import type { Column } from './sort.ts';

export const listColumns = ['protocol', 'ruler', 'n', 'p50', 'p99', 'change', 'bytes', 'rate', 'loss'] as const;
/** All but the path itself, which is always there. */
export type ListColumn = (typeof listColumns)[number];

/** Narrow screens have room for these. */
export const narrowColumns: readonly ListColumn[] = ['protocol', 'ruler', 'p50', 'p99', 'loss'];

export interface Head {
  text: string;
  title: string;
}

export const heads: Record<Column | ListColumn, Head> = {
  path: { text: 'path', title: 'who to whom' },
  protocol: { text: 'protocol', title: 'offloaded: one packet here, several on the wire' },
  ruler: { text: 'ruler', title: 'p50 of its segments, one behind the other' },
  n: { text: 'n', title: 'sampled packets' },
  p50: { text: 'p50', title: 'half took no longer' },
  p99: { text: 'p99', title: '99 of 100 took no longer; what never came took longest' },
  change: {
    text: 'Δ p99',
    title: 'p99 against as many seconds before; where clocks cannot tell, what it is less than',
  },
  bytes: { text: 'encap', title: 'bytes that a tunnel adds to a wire packet' },
  rate: { text: 'rate', title: 'what the sample stands for' },
  loss: {
    text: 'loss',
    title: 'of what these ends sent each other; of packets that never came, how many were lost that way',
  },
};

/** With this one, or without it where it is there. */
export const toggle = (chosen: readonly ListColumn[], column: ListColumn): readonly ListColumn[] =>
  listColumns.filter((each) => chosen.includes(each) !== (each === column));

/** All where nothing is given, or nothing that is understood; none are an empty text. */
export function parseColumns(text: string | null): readonly ListColumn[] {
  if (text === null) return listColumns;
  const words = text.split(',');
  const chosen = listColumns.filter((column) => words.includes(column));
  return chosen.length > 0 || text === '' ? chosen : listColumns;
}

export const formatColumns = (chosen: readonly ListColumn[]): string => chosen.join(',');
