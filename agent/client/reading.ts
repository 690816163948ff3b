/** What every reader of a stream does, whatever its socket: in Node and in a browser. */
import { WireError, frameBytes } from '../wire/frame.ts';

/** Time until the next attempt: doubles up to `longest`, half of it by chance so that agents do not come all at once. */
export function retryDelayMs(attempt: number, first: number, longest: number, random = Math.random()): number {
  const full = Math.min(longest, first * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + random / 2));
}

/** @throws WireError unless the message is exactly one frame */
export function checkFrame(data: Uint8Array, isBinary: boolean): void {
  if (!isBinary) throw new WireError('magic', 'a text message, frames are binary');
  const total = frameBytes(data);
  if (total !== data.length)
    throw new WireError('size', `a message of ${data.length} bytes, its frame says ${total ?? 'nothing'}`);
}
