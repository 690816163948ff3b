/** The order of the path list, the cursor in it, and what is looked at before anybody chose. */
import { untrack } from 'svelte';
import { sortIntoGroups } from '../lib/group.ts';
import { keepOrder, mostTelling, sortRows } from '../lib/sort.ts';
import type { View } from '../worker/messages.ts';
import type { Live } from './live.svelte.ts';
import type { PlaceSource } from './place.svelte.ts';

export interface ListOrder {
  /** Rows in order. */
  readonly ids: number[];
  /** Undefined while there is no row. */
  readonly first: number | undefined;
  cursor: number | undefined;
  move(by: number): void;
  /** While somebody points at a row none of them moves. */
  hold: (held: boolean) => void;
  /** What was chosen in one session means nothing in another. */
  forget(): void;
}

/** The list keeps its order for this long: figures move all the time, rows should not. */
const ORDER_MS = 5000;

/** Before that the first rows are those that happened to come first. */
const SETTLED_SECONDS = 12;

/** @param viewOf that is listed */
export function createListOrder(at: PlaceSource, live: Live, viewOf: () => View | undefined): ListOrder {
  let ids = $state.raw<number[]>([]);
  let first = $state<number>();
  let cursor = $state<number>();
  let orderedMs = 0;
  let orderedBy = '';
  let isHeld = false;

  $effect(() => {
    void at.place;
    const view = viewOf();
    if (view) untrack(() => arrange(view));
  });

  function arrange({ rows, heldSeconds }: View): void {
    const { grouping, sort, filter, span } = at.place;
    const by = `${grouping} ${sort.by} ${sort.descending} ${filter} ${span?.from} ${span?.to}`;
    const isDue = by !== orderedBy || (performance.now() - orderedMs > ORDER_MS && !isHeld && !span);
    if (isDue || ids.length === 0) {
      ids = sortIntoGroups(sortRows(rows, live.shapes, sort), live.shapes, grouping);
      [orderedMs, orderedBy] = [performance.now(), by];
    } else ids = sortIntoGroups(keepOrder(ids, rows.ids), live.shapes, grouping);
    const isEarly = heldSeconds < SETTLED_SECONDS;
    if (first === undefined || !live.shapes.has(first) || (isDue && isEarly)) first = mostTelling(rows, live.shapes);
  }

  return {
    get ids() {
      return ids;
    },
    get first() {
      return first;
    },
    get cursor() {
      return cursor;
    },
    set cursor(id) {
      cursor = id;
    },
    move(by) {
      const now = cursor === undefined ? -1 : ids.indexOf(cursor);
      cursor = ids[Math.max(0, Math.min(ids.length - 1, now + by))];
    },
    hold: (held) => void (isHeld = held),
    forget() {
      [first, cursor, ids] = [undefined, undefined, []];
    },
  };
}
