/** The place in the address bar, as state: what is looked at is pushed, so that back goes back. */
import { formatPlace, parsePlace, type Place } from '../lib/place.ts';

export interface PlaceSource {
  readonly place: Place;
  /** `step`: one that the back button undoes, and Esc. */
  go(change: Partial<Place>, step?: boolean): void;
  /** A step that only the back button undoes: what Esc left it does not bring back. */
  leave(change: Partial<Place>): void;
  /** Undoes the last step; false where this page made none. */
  undo(): boolean;
}

/** What belongs to the path in focus, and goes with it. */
const ofFocus = { packet: undefined, inspect: undefined };

/** Of entries of the history behind which lies the place before. */
const STEP = { step: true };

export function createPlace(): PlaceSource {
  let place = $state.raw(parsePlace(location.search));
  /** What is asked for until the browser has gone back: it would undo that instead. */
  let waiting: (() => void)[] | undefined;

  addEventListener('popstate', () => {
    place = parsePlace(location.search);
    const changes = waiting ?? [];
    waiting = undefined;
    for (const change of changes) change();
  });

  function inOrder(change: () => void): void {
    if (waiting) waiting.push(change);
    else change();
  }

  function change(to: Partial<Place>): string {
    const isElsewhere = 'focus' in to && to.focus !== place.focus;
    place = { ...place, ...(isElsewhere ? ofFocus : {}), ...to };
    return location.pathname + formatPlace(place);
  }
  function undo(): boolean {
    if (waiting) waiting.push(undo);
    else if ((history.state as typeof STEP | null)?.step !== true) return false;
    else {
      waiting = [];
      history.back();
    }
    return true;
  }

  return {
    get place() {
      return place;
    },
    go: (to, step = false) =>
      inOrder(() => {
        if (step) history.pushState(STEP, '', change(to));
        // What is typed is cleared by Esc, and not undone with what was clicked before.
        else history.replaceState('filter' in to ? null : history.state, '', change(to));
      }),
    leave: (to) => inOrder(() => history.pushState(null, '', change(to))),
    undo,
  };
}
