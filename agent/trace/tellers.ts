/** The forms in which trace tells of paths: a table that is drawn again and again, or JSON lines. */
import type { Mark } from '../marks/marks.ts';
import type { Summary } from '../paths/counting.ts';
import { toJson } from '../paths/json.ts';
import type { PathView } from '../paths/view.ts';
import { changeOf } from './changes.ts';
import { createGroups } from './groups.ts';
import { createLosses } from './losses.ts';
import { drawTable } from './ruler.ts';

export interface Teller {
  add(view: PathView): void;
  /** What can be written already; once. */
  ready(): string;
  /** What stands at the end, and meanwhile on a screen. */
  draw(summary: Summary, columns: number, rows?: number): string[];
}

/**
 * @param changes on the nodes so far
 * @param none what to say while there is no path
 */
export function createTable(changes: () => readonly Mark[], none?: string): Teller {
  const groups = createGroups();
  const losses = createLosses();
  return {
    add(view) {
      groups.add(view);
      losses.add(view);
    },
    ready: () => '',
    draw: (summary, columns, rows) =>
      drawTable({ groups: groups.list(), losses: losses.list(), changes: changes(), summary }, columns, rows, none),
  };
}

/** @param changes those of which all is known, each once */
export function createJsonLines(changes: () => readonly Mark[]): Teller {
  const lines: string[] = [];
  return {
    add: (view) => void lines.push(`${JSON.stringify(toJson(view))}\n`),
    ready: () => [...lines.splice(0), ...changes().map((mark) => `${JSON.stringify(changeOf(mark))}\n`)].join(''),
    draw: (summary) => [JSON.stringify(summary)],
  };
}
