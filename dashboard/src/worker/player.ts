/** A session and its time: live frames at the wall's, frames of the past at their own, as fast as they come. */
import {
  TICK_MS,
  createFileFeed,
  createPastClock,
  createPastFeed,
  type Take,
} from '../../../agent/client/past-feed.ts';
import { createSession, type Session } from './session.ts';

export interface Player {
  readonly session: Session;
  /** True until the first frame. */
  isFresh(): boolean;
  frame(bytes: Uint8Array, wallMs: number): void;
  /** A frame of a file: from the first of them on, the session is that file's. */
  fileFrame(bytes: Uint8Array): void;
  /** The file is read: every verdict is told, and time stands still. */
  end(): void;
  isFile(): boolean;
  tick(wallMs: number): void;
  /** The session's time: behind the wall's while the past is read. */
  nowMs(wallMs: number): number;
  /** The connection broke: there is no more of the past. */
  down(): void;
}

/** Behind the last frame of a file nothing more comes: every verdict is due by then. */
const CLOSING_MS = 12_000;

export function createPlayer(session: Session = createSession()): Player {
  let isFresh = true;
  const past = createPastClock((atMs) => session.tick(atMs));
  let isFile = false;
  const take: Take = (bytes, atMs) => {
    session.frame(bytes, atMs);
    if (feed.isPast() || isFile) past.move(atMs);
  };
  const feed = createPastFeed(take);
  const file = createFileFeed(take);
  return {
    session,
    isFresh: () => isFresh,
    frame(bytes, wallMs) {
      isFresh = false;
      feed.push(bytes, wallMs);
    },
    fileFrame(bytes) {
      isFile = true;
      file.push(bytes);
    },
    end() {
      // No frame of it had a time: there is nothing to be shown.
      if (past.nowMs === undefined) return;
      const endMs = past.nowMs;
      file.end(endMs);
      session.end(endMs);
      for (let atMs = endMs + TICK_MS; atMs < endMs + CLOSING_MS + TICK_MS; atMs += TICK_MS) past.move(atMs);
    },
    isFile: () => isFile,
    tick(wallMs) {
      if (!feed.isPast() && !isFile) session.tick(wallMs);
    },
    nowMs: (wallMs) => (isFile || feed.isPast() ? past.nowMs : undefined) ?? wallMs,
    down: () => feed.stop(),
  };
}
