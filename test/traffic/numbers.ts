/*
 * A stream that proves itself: it consists of big-endian 64-bit counters, and the counter at offset n is n. Whoever
 * holds any of its bytes and where they stood can tell whether they are the right ones.
 */

/** Fills a buffer with the stream from `offset`, a multiple of 8, on. */
export function fillNumbers(bytes: Uint8Array, offset: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i + 8 <= bytes.length; i += 8) {
    const value = offset + i;
    view.setUint32(i, Math.floor(value / 2 ** 32));
    view.setUint32(i + 4, value % 2 ** 32);
  }
}

const block = Buffer.alloc(65_536 + 16);

/** The place in the stream of the first wrong byte of `chunk`, which begins at `offset`; -1 if all are right. */
export function findWrongByte(chunk: Uint8Array, offset: number): number {
  for (let done = 0; done < chunk.length;) {
    const skip = (offset + done) % 8;
    const length = Math.min(chunk.length - done, 65_536);
    fillNumbers(block, offset + done - skip);
    const expected = block.subarray(skip, skip + length);
    const found = chunk.subarray(done, done + length);
    if (expected.compare(found) !== 0) return offset + done + found.findIndex((byte, i) => byte !== expected[i]);
    done += length;
  }
  return -1;
}
