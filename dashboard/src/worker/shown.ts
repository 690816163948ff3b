/**
 * The span that is shown, live or fixed, and the sums over it. A live span ends now and moves on; a fixed one stays where it
 * is, and what is told of its seconds later still counts. Either is the history's seconds, added up.
 */
import { equalSpans, isIn, type Span } from '../lib/span.ts';
import type { History, Second } from './history.ts';
import { createWindow, type Window } from './window.ts';

export interface Shown {
  readonly window: Window;
  readonly seconds: number;
  /** Undefined: live. */
  readonly fixed: Span | undefined;
  /** Into the history, and into the sums where it belongs to them. */
  add(second: number, key: number, weight: number): void;
  /** It is this second now: a live span lets go of what is older than it, the history of what is older than all. */
  turn(second: number): void;
  setSeconds(seconds: number): void;
  fix(span: Span | undefined): void;
}

export function createShown(history: History): Shown {
  const window = createWindow();
  let latest = -Infinity;
  let seconds = 60;
  let fixed: Span | undefined;
  /** Whose seconds the window holds. */
  let summed: Span = { from: -Infinity, to: Infinity };

  /** What comes from a clock ahead of ours belongs to a live span too. */
  const wanted = (): Span => fixed ?? { from: latest - seconds + 1, to: Infinity };

  function rebuild(): void {
    window.clear();
    summed = wanted();
    for (const second of history.seconds(summed)) window.addSecond(second);
  }

  function slide(): void {
    const { from } = wanted();
    if (from - summed.from > seconds) return rebuild();
    for (; summed.from < from; summed.from++) letGo(history.packed(summed.from));
  }

  const letGo = (second: Second | undefined): void => {
    if (second && isIn(second.second, summed)) window.removeSecond(second);
  };

  return {
    window,
    get seconds() {
      return seconds;
    },
    get fixed() {
      return fixed;
    },
    add(second, key, weight) {
      if (isIn(history.add(second, key, weight), summed)) window.add(key, weight);
    },
    turn(second) {
      latest = second;
      if (!fixed) slide();
      history.turn(second).forEach(letGo);
    },
    setSeconds(given) {
      if (given === seconds) return;
      seconds = given;
      if (!fixed) rebuild();
    },
    fix(span) {
      if (equalSpans(span, fixed)) return;
      fixed = span;
      rebuild();
    },
  };
}
