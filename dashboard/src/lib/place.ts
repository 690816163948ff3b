/** What the address bar carries: where one looks, and nothing else. Never the token. */
import { WINDOWS, type WindowSeconds } from '../worker/messages.ts';
import { TOTAL } from '../worker/segments.ts';
import { dropColumns, type DropSort } from './drops.ts';
import { groupings, type Grouping } from './group.ts';
import { formatColumns, listColumns, parseColumns, type ListColumn } from './list-columns.ts';
import { levels, type Level } from '../worker/map/view.ts';
import { scales, type Scale } from './ruler.ts';
import { columns, type Sort, type SortOf } from './sort.ts';
import type { Span } from './span.ts';
import { formatSubject, parseSubject, type Subject } from './subject.ts';
import { lists, shows, type List, type Show } from './tabs.ts';

export interface Place {
  /** A row's name. */
  focus: string | undefined;
  /** One packet of the row in focus. */
  packet: string | undefined;
  /** What the inspector looks at. */
  inspect: Subject | undefined;
  filter: string;
  window: WindowSeconds;
  /** Of the past; undefined: the last seconds. */
  span: Span | undefined;
  /** What the times over time are of (worker/segments.ts). */
  segment: string;
  scale: Scale;
  sort: Sort;
  dropSort: DropSort;
  grouping: Grouping;
  /** Of the list of paths. */
  columns: readonly ListColumn[];
  /** Tabs of the upper and of the lower panel. */
  show: Show;
  list: List;
  /** What the map has lines for, at the finest. */
  finest: Level;
}

export const home: Place = {
  focus: undefined,
  packet: undefined,
  inspect: undefined,
  filter: '',
  window: 60,
  span: undefined,
  segment: TOTAL,
  scale: 'sqrt',
  sort: { by: 'p99', descending: true },
  dropSort: { by: 'n', descending: true },
  grouping: 'none',
  columns: listColumns,
  show: 'ruler',
  list: 'paths',
  finest: 'pod',
};

/** What cannot be understood is as at home. */
export function parsePlace(search: string): Place {
  const given = new URLSearchParams(search);
  return {
    focus: given.get('focus') ?? undefined,
    packet: given.get('packet') ?? undefined,
    inspect: parseSubject(given.get('inspect') ?? ''),
    filter: given.get('filter') ?? '',
    window: WINDOWS.find((seconds) => `${seconds}s` === given.get('window')) ?? home.window,
    span: parseSpan(given.get('from'), given.get('to')),
    segment: given.get('segment') ?? home.segment,
    scale: scales.find((scale) => scale === given.get('scale')) ?? home.scale,
    grouping: groupings.find(({ value }) => value === given.get('groups'))?.value ?? home.grouping,
    columns: parseColumns(given.get('columns')),
    sort: parseSort(given.get('sort'), columns) ?? home.sort,
    dropSort: parseSort(given.get('dropsort'), dropColumns) ?? home.dropSort,
    show: shows.find(({ value }) => value === given.get('show'))?.value ?? home.show,
    list: lists.find(({ value }) => value === given.get('list'))?.value ?? home.list,
    finest: levels.find((level) => level === given.get('finest')) ?? home.finest,
  };
}

/** `-p99`: by that column, descending. */
function parseSort<T extends string>(text: string | null, columns: readonly T[]): SortOf<T> | undefined {
  const by = columns.find((column) => column === text?.replace(/^-/, ''));
  return by && { by, descending: text!.startsWith('-') };
}

const formatSort = ({ by, descending }: SortOf<string>): string => `${descending ? '-' : ''}${by}`;

/** No page holds more. */
const LONGEST_SECONDS = 1200;

/** Wall seconds. */
function parseSpan(from: string | null, to: string | null): Span | undefined {
  const [first, end] = [from, to].map((text) => (/^\d{1,11}$/.test(text ?? '') ? Number(text) : NaN));
  return end > first && end - first <= LONGEST_SECONDS ? { from: first, to: end } : undefined;
}

/** Only what differs from home; empty at home. */
export function formatPlace(place: Place): string {
  const { focus, packet, inspect, filter, window, span, segment, scale, sort, dropSort, grouping, show, list, finest } =
    place;
  const to = new URLSearchParams();
  if (focus !== undefined) to.set('focus', focus);
  if (packet !== undefined) to.set('packet', packet);
  if (inspect !== undefined) to.set('inspect', formatSubject(inspect));
  if (filter !== '') to.set('filter', filter);
  if (window !== home.window) to.set('window', `${window}s`);
  if (span) {
    to.set('from', `${span.from}`);
    to.set('to', `${span.to}`);
  }
  if (segment !== home.segment) to.set('segment', segment);
  if (scale !== home.scale) to.set('scale', scale);
  if (formatSort(sort) !== formatSort(home.sort)) to.set('sort', formatSort(sort));
  if (formatSort(dropSort) !== formatSort(home.dropSort)) to.set('dropsort', formatSort(dropSort));
  if (grouping !== home.grouping) to.set('groups', grouping);
  const columns = formatColumns(place.columns);
  if (columns !== formatColumns(home.columns)) to.set('columns', columns);
  if (show !== home.show) to.set('show', show);
  if (list !== home.list) to.set('list', list);
  if (finest !== home.finest) to.set('finest', finest);
  const text = to.toString();
  return text && `?${text}`;
}
