/** What hurts, above the table. */
import type { Insight } from '../insight/explain.ts';
import type { NodeFigures } from '../insight/figures.ts';
import { sentenceOf } from '../insight/sentence.ts';
import type { Stream } from '../paths/streams.ts';
import { cut } from './numbers.ts';

/** Statuses come every second. */
const SILENT_MS = 3500;

/** Of the terminal's clock, which began at `originMs` of the wall's. */
export const nodeFigures = (streams: readonly (Stream | undefined)[], nowMs: number, originMs: number): NodeFigures[] =>
  streams
    .filter((stream) => stream !== undefined)
    .map(({ name, latestMs }) => ({ name, isUp: nowMs - latestMs < SILENT_MS, sinceMs: latestMs + originMs }));

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
