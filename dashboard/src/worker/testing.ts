/** What tests ask of a session beyond a view: each row in turn, as if somebody looked at it. */
import type { Figures } from '../lib/row.ts';
import type { RowShape } from './rows.ts';
import type { Session } from './session.ts';

export type ShownRows = Map<string, { shape: RowShape; figures: Figures }>;

/** By name, in the order of the list; the focus is left where no row is. */
export function rowsOf(session: Session, nowMs: number): ShownRows {
  session.list.see({ from: 0, to: Infinity, isHeld: false });
  const names = session.view(nowMs).list.told.map(({ name }) => name);
  const rows = new Map(
    names.map((focus) => {
      session.choose({ focus });
      const { shape, figures } = session.view(nowMs).focus!;
      return [focus, { shape, figures: figures! }];
    }),
  );
  session.choose({ focus: undefined });
  return rows;
}
