/**
 * Frames of the past take their own times, not those of their coming: whoever reads a stream that begins with history, or
 * opens a file, hands each frame over as if it had just been made.
 */
import { historyOf } from '../history/past.ts';
import { createPace } from '../recording/pace.ts';
import { framePlace, type FramePlace } from '../server/source.ts';
import { FrameType, decodeFrame } from '../wire/frame.ts';
import { decodeMessage, type HistoryMessage } from '../wire/messages.ts';

/** @param atMs the viewer's time at which the frame is to be taken; never falls */
export type Take = (frame: Uint8Array, atMs: number) => void;

export interface FileFeed {
  push(frame: Uint8Array): void;
  /** Hands over what still waits for a first time. */
  end(atMs: number): void;
}

export interface PastFeed {
  /** @param nowMs the viewer's time */
  push(frame: Uint8Array, nowMs: number): void;
  /** True from the history message until the stream is live. */
  isPast(): boolean;
  /** The connection broke. */
  stop(): void;
}

/** As often as a viewer is told the time, live or of the past. */
export const TICK_MS = 100;

/** Time while the past is read: what is said of it is what would have been said then. */
export interface PastClock {
  /** Of the latest frame; undefined until there was one. */
  readonly nowMs: number | undefined;
  move(atMs: number): void;
}

/** @param tick is told the time no more often than live */
export function createPastClock(tick: (nowMs: number) => void): PastClock {
  let nowMs: number | undefined;
  let tickedMs = -Infinity;
  return {
    get nowMs() {
      return nowMs;
    },
    move(atMs) {
      nowMs = atMs;
      if (atMs - tickedMs < TICK_MS) return;
      tickedMs = atMs;
      tick(atMs);
    },
  };
}

const isTimed = ({ type }: FramePlace): boolean => type === FrameType.legs || type === FrameType.status;

/**
 * Of a file from its beginning, on the wall clock at which it was made.
 * @param momentMs the viewer's time of the history message's moment, where it is not that clock's
 */
export function createFileFeed(take: Take, momentMs?: number): FileFeed {
  const dueMs = createPace();
  /** State before the first frame that has a time, which is then its time too. */
  let head: Uint8Array[] | undefined = [];
  let history: HistoryMessage | undefined;
  let baseMs = 0;

  function flush(atMs: number): void {
    const waiting = head ?? [];
    head = undefined;
    for (const frame of waiting) take(frame, atMs);
  }

  function timeOf({ stream, timeMs }: FramePlace): number {
    const moment = history?.streams.find((each) => each.stream === stream);
    if (history && moment) return (momentMs ?? history.wallMs) + timeMs - moment.timeMs;
    return startOf(head ?? [], stream) + timeMs;
  }

  return {
    push(frame) {
      const due = dueMs(frame);
      const place = framePlace(frame);
      if (place.type === FrameType.history) history = historyOf(frame);
      else if (!head) take(frame, baseMs + due);
      else {
        head.push(frame);
        if (isTimed(place)) flush((baseMs = timeOf(place)));
      }
    },
    end: flush,
  };
}

/** Wall time at which a stream began, as its hello says. */
function startOf(frames: Uint8Array[], stream: number): number {
  for (const frame of frames) {
    const place = framePlace(frame);
    if (place.type !== FrameType.hello || place.stream !== stream) continue;
    const message = decodeMessage(decodeFrame(frame));
    return message.type === 'hello' ? Date.parse(message.startedAt) || 0 : 0;
  }
  return 0;
}

/** Of a live stream: what comes between its two history messages is of the past. */
export function createPastFeed(take: Take): PastFeed {
  let past: FileFeed | undefined;
  let latestMs = 0;
  return {
    push(frame, nowMs) {
      latestMs = nowMs;
      const isHistory = framePlace(frame).type === FrameType.history;
      if (isHistory && historyOf(frame)?.isLive) {
        past?.end(nowMs);
        past = undefined;
      } else if (isHistory) past = createFileFeed((each, atMs) => take(each, Math.min(atMs, latestMs)), nowMs);
      if (past) past.push(frame);
      else if (!isHistory) take(frame, nowMs);
    },
    isPast: () => past !== undefined,
    stop: () => (past = undefined),
  };
}
