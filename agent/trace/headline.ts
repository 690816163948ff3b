/** What hurts, above the table. */
import type { Insight } from '../insight/explain.ts';
import type { NodeFigures } from '../insight/figures.ts';
import { sentenceOf } from '../insight/sentence.ts';
import type { NodeState } from '../marks/nodes.ts';
import { cut } from './lines.ts';

/** Of nodes as marks are made of them, in wall time. */
export const nodeFigures = (nodes: readonly NodeState[]): NodeFigures[] =>
  nodes.map(({ name, isSilent, sinceMs }) => ({ name, isUp: !isSilent, sinceMs }));

const clock = (wallMs: number): string => new Date(wallMs).toTimeString().slice(0, 8);

/** The sentence in lines that fit, broken between its parts. */
export function drawHeadline(insight: Insight, columns: number): string[] {
  const { head, rest } = sentenceOf(insight, clock);
  const lines = [head];
  for (const part of rest) {
    const longer = `${lines.at(-1)} · ${part}`;
    if (longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(`  ${part}`);
  }
  return [...lines.map((line) => cut(line, columns)), ''];
}
