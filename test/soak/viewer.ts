/** Somebody who looks at the page now and then: what is kept for views must be forgotten as well. */
import type { Session } from '../../dashboard/src/worker/session.ts';
import type { ListChoices } from '../../dashboard/src/worker/list.ts';
import type { Choices, View } from '../../dashboard/src/worker/messages.ts';

/** What is chosen then. */
type Look = (view: View | undefined, nowSecond: number) => Partial<Choices>;

const listed: ListChoices = { sort: { by: 'p99', descending: true }, grouping: 'none', scale: 'sqrt' };

/** One after the other; each stays until the next. */
const looks: readonly Look[] = [
  () => ({ show: 'map' }),
  () => ({ window: 600 }),
  () => ({ filter: 'tcp and pod:web' }),
  () => ({ filter: '' }),
  () => ({ show: 'nodes' }),
  (view) => ({ focus: view?.focus?.shape.name, timeOf: view?.focus?.shape.name, segment: 'wire' }),
  (view) => ({ packet: view?.packets[0]?.name }),
  (_view, now) => ({ span: { from: now - 300, to: now - 240 }, axis: { from: now - 600, to: now } }),
  () => ({ span: undefined, axis: undefined, list: { ...listed, grouping: 'nodes' } }),
  () => ({ focus: undefined, timeOf: undefined, segment: 'total', window: 60, show: 'ruler', list: listed }),
];

/** A page twice a second: every so many seconds another look, and two views of it. */
const EVERY_SECONDS = 60;

export interface Viewer {
  /** Most rows that were listed at once. */
  rows: number;
  /** Called often. */
  see(session: Session, nowMs: number): void;
}

export function createViewer(): Viewer {
  let turn = 0;
  let nextMs = -Infinity;
  let view: View | undefined;
  const viewer: Viewer = {
    rows: 0,
    see(session, nowMs) {
      if (nowMs < nextMs) return;
      nextMs = nowMs + EVERY_SECONDS * 1000;
      session.choose(looks[turn++ % looks.length](view, Math.floor(nowMs / 1000)));
      for (let at = 0; at < 2; at++) view = session.view(nowMs);
      viewer.rows = Math.max(viewer.rows, view!.list.paths);
    },
  };
  return viewer;
}
