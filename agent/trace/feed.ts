/** Frames of an agent and its peers, as `trace` reads them. */
import { createPastFeed } from '../client/past-feed.ts';
import type { Control } from '../client/protocol.ts';
import { connectStream, type Stream, type StreamState } from '../client/stream.ts';
import { WireError } from '../wire/frame.ts';
import type { FrameFeed } from './options.ts';

export interface FeedOptions {
  address: string;
  token: string | undefined;
  /** How long ago to begin; 0 is now. */
  sinceMs: number;
}

export function createFeed({ address, token, sinceMs }: FeedOptions): FrameFeed {
  let stream: Stream | undefined;
  let asked: Control | undefined;
  let isFresh = true;
  let say: (line: string) => void = () => {};
  /** Why it is down, as was said last. */
  let reason: string | undefined;
  let past = createPastFeed(() => {});

  function take(frame: Uint8Array): void {
    past.push(frame, performance.now());
    if (isFresh && sinceMs > 0 && !past.isPast()) say('nothing of the past is kept there; beginning now');
    isFresh = false;
  }

  /** The agent forgot what it was asked with the connection, and there is no more of the past. */
  function changed(state: StreamState): void {
    if (state.state === 'up') {
      reason = undefined;
      if (asked) stream?.send(asked);
    }
    if (state.state !== 'down') return;
    past.stop();
    // It tries again every few seconds: once for each reason is enough.
    if (state.error.message !== reason) say(`${state.error.message}; trying again`);
    reason = state.error.message;
  }

  return {
    start(onFrame, onEnd, toSay) {
      say = toSay;
      past = createPastFeed(onFrame);
      stream = connectStream({
        address,
        scope: 'cluster',
        token,
        // A connection that comes again has its gap.
        pastMs: () => (isFresh ? sinceMs : 0),
        retry: 'once-up',
        onFrame: (frame) => skipBad(() => take(frame), say),
        onState(state) {
          changed(state);
          if (state.state === 'ended') onEnd(state.error?.message);
        },
        onGarbage: (error) => say(`skipped: ${error.message}`),
      });
    },
    stop: () => stream?.close(),
    isPast: () => past.isPast(),
    send(control) {
      asked = control;
      stream?.send(control);
    },
  };
}

function skipBad(work: () => void, say: (line: string) => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    say(`skipped: ${error.message}`);
  }
}
