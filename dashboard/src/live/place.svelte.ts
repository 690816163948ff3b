/** The place in the address bar, as state: what is looked at is pushed, so that back goes back. */
import { formatPlace, parsePlace, type Place } from '../lib/place.ts';

export interface PlaceSource {
  readonly place: Place;
  /** `step`: one that the back button undoes. */
  go(change: Partial<Place>, step?: boolean): void;
}

export function createPlace(): PlaceSource {
  let place = $state.raw(parsePlace(location.search));
  addEventListener('popstate', () => (place = parsePlace(location.search)));
  return {
    get place() {
      return place;
    },
    go(change, step = false) {
      place = { ...place, ...change };
      const address = location.pathname + formatPlace(place);
      if (step) history.pushState(null, '', address);
      else history.replaceState(null, '', address);
    },
  };
}
