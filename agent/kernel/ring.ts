/**
 * Drains a BPF ring buffer that is mapped into memory (Documentation/bpf/ringbuf.rst): one page with the consumer's
 * position, one with the producer's, then the data twice in a row, so that a record never wraps. Every entry of ours
 * has the same size, so whole runs of them are copied at once.
 */
import { RING_HEADER_BYTES } from './layout.ts';

const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const LENGTH = 0x3fffffff;

/** The three mappings of a ring. The data is mapped twice in a row: 2 * `bytes`. */
export interface RingMemory {
  bytes: number;
  consumer: ArrayBuffer;
  producer: ArrayBuffer;
  data: ArrayBuffer;
}

/** Takes `count` records in ring form (header and record), `strideWords` words each, from `words[start]` on. */
export type RingSink = (words: Uint32Array, start: number, count: number) => void;

export class RingError extends Error {
  override name = 'RingError';
}

/**
 * @param strideBytes of a record with its header
 * @throws RingError when it meets a record of another size: whatever is in there is not ours
 */
export function createRingReader(memory: RingMemory, strideBytes: number): Ring {
  const words = new Uint32Array(memory.data);
  const headers = new Int32Array(memory.data);
  const producer = new Int32Array(memory.producer);
  const consumer = new BigInt64Array(memory.consumer);
  const mask = memory.bytes - 1;
  const recordBytes = strideBytes - RING_HEADER_BYTES;
  let position = Number(consumer[0]);

  /** Records that can be taken from `position` on: complete, of ours, and at most `most`. */
  function countReady(available: number, most: number): number {
    let count = 0;
    while (count < most && (count + 1) * strideBytes <= available) {
      const header = Atomics.load(headers, ((position + count * strideBytes) & mask) >>> 2);
      if (header & BUSY) break;
      if ((header & LENGTH) !== recordBytes) {
        throw new RingError(`the ring holds a record of ${header & LENGTH} bytes, ours have ${recordBytes}`);
      }
      if (header & DISCARDED) break;
      count++;
    }
    return count;
  }

  const isDiscarded = (): boolean => {
    const header = Atomics.load(headers, (position & mask) >>> 2);
    return (header & (BUSY | DISCARDED)) === (DISCARDED | 0);
  };

  // The low words suffice: the ring is shorter than 2 GiB.
  const pending = (): number => (Atomics.load(producer, 0) - ((position % 0x100000000) | 0)) >>> 0;

  return {
    fill: () => pending() / memory.bytes,
    drain(sink, most) {
      let taken = 0;
      for (;;) {
        const available = pending();
        if (available === 0 || taken >= most) break;
        // One copy stays inside the double mapping: start below bytes, no longer than bytes.
        const count = countReady(available, most - taken);
        if (count > 0) sink(words, (position & mask) >>> 2, count);
        else if (available >= strideBytes && isDiscarded()) position += strideBytes;
        else break;
        position += count * strideBytes;
        taken += count;
        // One 64-bit store: two of 32 bits tear every 4 GiB.
        Atomics.store(consumer, 0, BigInt(position));
      }
      return taken;
    },
  };
}

export interface Ring {
  /** How full it is, 0 to 1. */
  fill(): number;
  /** Hands what is complete to the sink, at most `most` records, and gives their place back. Returns how many. */
  drain(sink: RingSink, most: number): number;
}
