/** Travelling in time: which span is shown, and which axis around it; what is looked at stands in the address bar. */
import { WINDOWS, type WindowSeconds } from '../worker/messages.ts';
import { around, covers, follow, lengthOf, shift, zoom, type Span } from '../lib/span.ts';
import type { Live } from './live.svelte.ts';
import type { PlaceSource } from './place.svelte.ts';

export interface TimeTravel {
  /** What is to be seen around a span of the past; undefined: live. */
  readonly axis: Span | undefined;
  /** Stays at what is shown, or goes on to now. */
  pause: () => void;
  goLive: () => void;
  lookAt: (span: Span, axis?: Span) => void;
  lookAtLast: (window: WindowSeconds) => void;
  /** By parts of the span, or by seconds. */
  scrub: (by: { parts: number } | { seconds: number }) => void;
  /** Closer (+1): first to the span, then into it; or with more around it (-1). */
  zoom: (direction: 1 | -1) => void;
}

const LEAST_SECONDS = 2;

export function createTimeTravel(at: PlaceSource, live: Live): TimeTravel {
  /** As it was left; an address that was opened has none. */
  let left = $state.raw<Span>();
  const axis = $derived.by(() => {
    const { span, window } = at.place;
    return span && (left && covers(left, span) ? left : around(span, window));
  });
  const now = (): Span | undefined => at.place.span ?? live.view?.span;

  function lookAt(span: Span, chosen?: Span): void {
    left = chosen ?? follow(axis ?? live.time?.axis ?? span, span);
    // From now to the past is a step that can be undone, from there to another time is none.
    at.go({ span }, at.place.span === undefined);
  }

  function goLive(): void {
    if (at.place.span) at.leave({ span: undefined });
  }

  function lookAtLast(window: WindowSeconds): void {
    if (at.place.span) at.leave({ window, span: undefined });
    else at.go({ window });
  }

  function zoomPast(direction: 1 | -1, axis: Span, span: Span, held: Span): void {
    if (direction < 0) left = zoom(axis, 2, covers(held, axis) ? held : axis);
    else if (lengthOf(axis) > lengthOf(span)) left = span;
    else {
      const closer = zoom(span, 0.5, span, LEAST_SECONDS);
      lookAt(closer, closer);
    }
  }

  return {
    get axis() {
      return axis;
    },
    pause() {
      if (at.place.span) goLive();
      else if (live.view) lookAt(live.view.span);
    },
    goLive,
    lookAt,
    lookAtLast,
    scrub(by) {
      const span = now();
      if (!span) return;
      const seconds =
        'seconds' in by ? by.seconds : Math.sign(by.parts) * Math.ceil(Math.abs(by.parts) * lengthOf(span));
      lookAt(shift(span, seconds, live.view!.held));
    },
    zoom(direction) {
      if (at.place.span && axis && live.view) return zoomPast(direction, axis, at.place.span, live.view.held);
      const next = WINDOWS.indexOf(at.place.window) - direction;
      if (next >= 0 && next < WINDOWS.length) at.go({ window: WINDOWS[next] });
    },
  };
}
