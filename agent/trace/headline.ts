/** What hurts, above the table. */
import type { Insight } from '../insight/explain.ts';
import type { NodeFigures } from '../insight/figures.ts';
import { sentenceOf } from '../insight/sentence.ts';
import type { NodeState } from '../marks/nodes.ts';
import { cut, wrap } from './lines.ts';
import { formatClock } from './numbers.ts';

/** Of nodes as marks are made of them, in wall time. */
export const nodeFigures = (nodes: readonly NodeState[]): NodeFigures[] =>
  nodes.map(({ name, isSilent, sinceMs }) => ({ name, isUp: !isSilent, sinceMs }));

/** The sentence in lines that fit, broken between its parts. */
export function drawHeadline(insight: Insight, columns: number): string[] {
  const { head, rest } = sentenceOf(insight, formatClock);
  return [...wrap([head, ...rest], columns, '  ').map((line) => cut(line, columns)), ''];
}
