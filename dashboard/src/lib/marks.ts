/** Marks of what changed, side by side where there is room, in groups where there is none. */
import type { Mark } from '../../../agent/marks/marks.ts';
import { lengthOf, type Span } from './span.ts';

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
