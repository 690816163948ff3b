/** What changed on the nodes, beside the paths: in lines, and as JSON, public and documented. */
import { markText, type Mark } from '../marks/marks.ts';
import { fold } from './lines.ts';
import { counted, formatClock } from './numbers.ts';

export interface JsonChange {
  type: 'change';
  /** ISO 8601, to the second. */
  time: string;
  /** null of names, which are no one node's. */
  node: string | null;
  kind: Mark['kind'];
  text: string;
}

export const changeOf = ({ second, node, kind, text }: Mark): JsonChange => ({
  type: 'change',
  time: new Date(second * 1000).toISOString().replace('.000', ''),
  node: node === '' ? null : node,
  kind,
  text,
});

/** The latest of them, in the order of their times. */
export function drawChanges(marks: readonly Mark[], most: number, columns: number): string[] {
  const latest = marks.toSorted((a, b) => a.second - b.second).slice(-most);
  const earlier = marks.length - latest.length;
  return [
    ...(earlier > 0 ? [` and ${counted(earlier, 'earlier change')}`] : []),
    ...latest.map((mark) => ` ▾ ${formatClock(mark.second * 1000)} ${markText(mark)}`),
  ].flatMap((line) => fold(line, columns));
}
