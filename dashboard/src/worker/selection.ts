/** Which rows are looked at: those with packets in what is shown, and of them those that the filter leaves. */
import { FilterError, everything, parseFilter, type Filter } from '../../../agent/trace/filter.ts';
import { rowSubject, seriesOf, Series, type Row, type Rows } from './rows.ts';
import type { Window } from './window.ts';

export interface Selected {
  /** With packets in what is shown. */
  shown: Row[];
  /** Of them those that the filter leaves. */
  left: Row[];
  /** Those that it leaves of all there are; `version`: another one for others. */
  ever: Row[];
  version: string;
}

export interface Selection {
  readonly filter: Filter;
  readonly text: string;
  /** What cannot be parsed hides nothing. */
  setFilter(text: string): void;
  isShown: (row: Row) => boolean;
  /** Whether this filter would leave any row, if there is one. */
  leavesAny(text: string): boolean;
  look(): Selected;
}

export function createSelection(rows: Rows, window: Window): Selection {
  let text = '';
  let filter = everything;
  let latest: Row[] = [];
  let version = 0;

  const isShown = (row: Row): boolean =>
    window.count(seriesOf(row, Series.joined)) + window.count(seriesOf(row, Series.lost)) > 0;

  return {
    get filter() {
      return filter;
    },
    get text() {
      return text;
    },
    setFilter(given) {
      if (given === text) return;
      text = given;
      filter = filterOf(text);
    },
    isShown,
    leavesAny(given) {
      const wanted = filterOf(given);
      const all = [...rows.all()];
      return all.length === 0 || all.some((row) => wanted(rowSubject(row, window)));
    },
    look() {
      const all = [...rows.all()];
      const shown = all.filter(isShown);
      if (filter === everything) return { shown, left: shown, ever: all, version: 'all' };
      const ever = all.filter((row) => filter(rowSubject(row, window)));
      if (!areSame(ever, latest)) [latest, version] = [ever, version + 1];
      return { shown, left: ever.filter(isShown), ever, version: String(version) };
    },
  };
}

const areSame = (a: readonly Row[], b: readonly Row[]): boolean =>
  a.length === b.length && a.every((row, at) => row === b[at]);

function filterOf(text: string): Filter {
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return everything;
  }
}
