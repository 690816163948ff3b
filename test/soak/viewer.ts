/** Somebody who looks at the page now and then: what is kept for views must be forgotten as well. */
import type { Session } from '../../dashboard/src/worker/session.ts';
import type { View } from '../../dashboard/src/worker/messages.ts';

type Look = (session: Session, view: View | undefined, nowSecond: number) => void;

/** One after the other; each stays until the next. */
const looks: readonly Look[] = [
  (session) => session.setShow('map', 'pod'),
  (session) => session.setWindow(600),
  (session) => session.setFilter('tcp and pod:web'),
  (session) => session.setFilter(''),
  (session) => session.setShow('nodes', 'pod'),
  (session, view) => {
    session.setFocus(view?.shapes[0]?.name);
    session.setTime(view?.shapes[0]?.name, 'wire');
  },
  (session, view) => session.setPacket(view?.packets[0]?.name),
  (session, _view, now) => session.look({ from: now - 300, to: now - 240 }, { from: now - 600, to: now }),
  (session) => session.look(undefined),
  (session) => {
    session.setFocus(undefined);
    session.setTime(undefined, 'total');
    session.setWindow(60);
    session.setShow('ruler', 'pod');
  },
];

/** A page twice a second: every so many seconds another look, and two views of it. */
const EVERY_SECONDS = 60;

export interface Viewer {
  /** Rows that the page knows. */
  rows: number;
  /** Called often. */
  see(session: Session, nowMs: number): void;
}

export function createViewer(): Viewer {
  const ids = new Set<number>();
  let turn = 0;
  let nextMs = -Infinity;
  let view: View | undefined;
  const viewer: Viewer = {
    rows: 0,
    see(session, nowMs) {
      if (nowMs < nextMs) return;
      nextMs = nowMs + EVERY_SECONDS * 1000;
      looks[turn++ % looks.length](session, view, Math.floor(nowMs / 1000));
      for (let at = 0; at < 2; at++) {
        view = session.view(nowMs);
        for (const { id } of view.shapes) ids.add(id);
        for (const id of view.gone) ids.delete(id);
      }
      viewer.rows = ids.size;
    },
  };
  return viewer;
}
