/** A session and its time: live frames at the wall's, frames of the past at their own, as fast as they come. */
import { createPastFeed, type Take } from '../../../agent/client/past-feed.ts';
import { createSession, type Session } from './session.ts';

export interface Player {
  readonly session: Session;
  /** True until the first frame. */
  isFresh(): boolean;
  frame(bytes: Uint8Array, wallMs: number): void;
  tick(wallMs: number): void;
  /** The session's time: behind the wall's while the past is read. */
  nowMs(wallMs: number): number;
  /** The connection broke: there is no more of the past. */
  down(): void;
}

/** As often as a live session is told the time: what it says of the past is what it would have said then. */
const TICK_MS = 100;

export function createPlayer(session: Session = createSession()): Player {
  let isFresh = true;
  let pastMs = -Infinity;
  let tickedMs = -Infinity;
  const take: Take = (bytes, atMs) => {
    session.frame(bytes, atMs);
    if (!feed.isPast()) return;
    pastMs = atMs;
    if (atMs - tickedMs < TICK_MS) return;
    tickedMs = atMs;
    session.tick(atMs);
  };
  const feed = createPastFeed(take);
  const isPast = (): boolean => feed.isPast() && pastMs > -Infinity;
  return {
    session,
    isFresh: () => isFresh,
    frame(bytes, wallMs) {
      isFresh = false;
      feed.push(bytes, wallMs);
    },
    tick(wallMs) {
      if (!feed.isPast()) session.tick(wallMs);
    },
    nowMs: (wallMs) => (isPast() ? pastMs : wallMs),
    down: () => feed.stop(),
  };
}
