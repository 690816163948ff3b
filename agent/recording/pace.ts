/** When each frame of a recording is due. */
import { historyOf } from '../history/past.ts';
import { framePlace } from '../server/source.ts';
import { FrameType } from '../wire/frame.ts';

/**
 * Gives the time at which a frame is due, in recorded milliseconds since the recording's begin; never falls.
 * A stream's times count from its own start: a snapshot's history message says how they lie to one another; without it
 * each is placed where its first frame stands in the file. State that was sent again (hello, devices) bears the time of
 * when it was new, and is due at once.
 */
export function createPace(): (frame: Uint8Array) => number {
  const offsets = new Map<number, number>();
  const moments = new Map<number, number>();
  /** Of the history's moment. */
  let momentMs: number | undefined;
  let nowMs = 0;

  function offsetOf(stream: number, timeMs: number): number {
    const moment = moments.get(stream);
    if (moment === undefined) return nowMs - timeMs;
    momentMs ??= nowMs + moment - timeMs;
    return momentMs - moment;
  }

  return (frame) => {
    const { type, stream, timeMs } = framePlace(frame);
    for (const moment of historyOf(frame)?.streams ?? []) moments.set(moment.stream, moment.timeMs);
    if (type !== FrameType.legs && type !== FrameType.status) return nowMs;
    let offset = offsets.get(stream);
    if (offset === undefined) offsets.set(stream, (offset = offsetOf(stream, timeMs)));
    nowMs = Math.max(nowMs, timeMs + offset);
    return nowMs;
  };
}
