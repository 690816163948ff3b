/** Frames out of bytes that come in pieces: a body over HTTP, a file in a browser. */
import { HEADER_BYTES, WireError, frameBytes } from './frame.ts';

/**
 * Whole frames, each in a buffer of its own (so its payload is aligned).
 * @throws WireError where bytes are no frame; 'short' when they end within one
 */
export async function* splitFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let wanted = HEADER_BYTES;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) continue;
    const whole = concat(waiting, bytes);
    let used = 0;
    let total = frameBytes(whole);
    for (; total !== undefined && whole.length - used >= total; total = frameBytes(whole, used)) {
      yield whole.slice(used, used + total);
      used += total;
    }
    wanted = total ?? HEADER_BYTES;
    bytes = whole.length - used;
    waiting = bytes > 0 ? [whole.subarray(used)] : [];
  }
  if (bytes > 0) throw new WireError('short', `cut off: only ${bytes} bytes of the last frame are there`);
}

function concat(parts: Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
