/** The paths that are shown of a span: of frames that also hold what came before, and after it for verdicts. */
import { createFileFeed } from '../../../agent/client/past-feed.ts';
import type { Exporter } from '../../../agent/export/exporter.ts';
import { walk, type Walked } from '../../../agent/export/walk.ts';
import { wallMsOf } from '../../../agent/packets/store.ts';
import type { Filter } from '../../../agent/trace/filter.ts';
import { isIn, type Span } from '../lib/span.ts';
import { BEHIND_MS } from './snapshot.ts';

export interface TimedFrame {
  frame: Uint8Array;
  /** The page's time at which it is taken. */
  atMs: number;
}

/**
 * The frames of a file at the times at which a page that opens it takes them.
 * @param momentMs the page's time of the file's moment, where its clock is not the page's
 */
export async function* timed(frames: AsyncIterable<Uint8Array>, momentMs?: number): AsyncGenerator<TimedFrame> {
  let due: TimedFrame[] = [];
  const feed = createFileFeed((frame, atMs) => due.push({ frame, atMs }), momentMs);
  for await (const frame of frames) {
    feed.push(frame);
    yield* due;
    due = [];
  }
}

/** A path is of the second in which it began. */
export async function walkSpan(
  frames: AsyncIterable<TimedFrame>,
  exporter: Exporter,
  { span, filter }: { span: Span; filter: Filter },
): Promise<Walked> {
  let nowMs = 0;
  async function* untilBehind(): AsyncGenerator<Uint8Array> {
    for await (const { frame, atMs } of frames) {
      if (atMs > span.to * 1000 + BEHIND_MS) return;
      nowMs = atMs;
      yield frame;
    }
  }
  return await walk(untilBehind(), exporter, {
    filter,
    isWanted: (view) => isIn(Math.floor(wallMsOf(view) / 1000), span),
    timeOf: () => nowMs,
  });
}
