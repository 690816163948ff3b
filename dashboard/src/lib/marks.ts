/** Marks of what changed, side by side where there is room, in groups where there is none. */
import type { NodeHealth } from '../worker/health.ts';
import type { Mark } from '../worker/marks.ts';
import { isIn, lengthOf, type Span } from './span.ts';

export interface MarkGroup {
  /** Seconds of the first and the last of them. */
  from: number;
  to: number;
  marks: Mark[];
}

/** Room that a mark needs. */
const MARK_PX = 12;

export function groupMarks(marks: readonly Mark[], axis: Span, width: number): MarkGroup[] {
  const groups: MarkGroup[] = [];
  for (const mark of marks.toSorted((a, b) => a.second - b.second)) {
    const last = groups.at(-1);
    const isNear = last && ((mark.second - last.from) / lengthOf(axis)) * width < MARK_PX;
    if (isNear) {
      last.marks.push(mark);
      last.to = mark.second;
    } else groups.push({ from: mark.second, to: mark.second, marks: [mark] });
  }
  return groups;
}

/** Agents that were not heard: known of the nodes, not told by frames. */
export function awayMarks(nodes: readonly NodeHealth[], axis: Span): Mark[] {
  const mark = (ms: number, text: string): Mark => ({ second: Math.floor(ms / 1000), kind: 'agent', text });
  return nodes
    .flatMap(({ name, away }) =>
      away.flatMap(({ fromMs, toMs }) => [
        mark(fromMs, `${name}: agent not heard any more`),
        ...(toMs < Infinity ? [mark(toMs, `${name}: agent heard again`)] : []),
      ]),
    )
    .filter(({ second }) => isIn(second, axis));
}
