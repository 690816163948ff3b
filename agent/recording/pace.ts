/** When each frame of a recording is due. */
import { FrameType } from '../wire/frame.ts';
import type { FramePlace } from '../server/source.ts';

/**
 * Gives the time at which a frame is due, in recorded milliseconds since the recording's begin; never falls.
 * A stream's times count from its own start, so each is placed where its first frame stands in the file. State that was sent
 * again (hello, devices) bears the time of when it was new, and is due at once.
 */
export function createPace(): (place: FramePlace) => number {
  const offsets = new Map<number, number>();
  let nowMs = 0;
  return ({ type, stream, timeMs }) => {
    if (type !== FrameType.legs && type !== FrameType.status) return nowMs;
    let offset = offsets.get(stream);
    if (offset === undefined) offsets.set(stream, (offset = nowMs - timeMs));
    nowMs = Math.max(nowMs, timeMs + offset);
    return nowMs;
  };
}
