/** Numbered payloads as test/numbered/words.go writes them: 64-bit words, each a mark, the number of its flow and its place. */

export const WORD_BYTES = 8;
/** A datagram's words begin at a multiple of this. */
export const DATAGRAM_WORDS = 1 << 13;

const MARK = 0x684c;

/** Which bytes of which flow a payload holds. */
export interface Numbered {
  flow: number;
  /** Place in its flow of the payload's first byte. */
  offset: number;
}

interface Word {
  flow: number;
  place: number;
}

function wordAt(bytes: Buffer, at: number): Word | undefined {
  if (at + WORD_BYTES > bytes.length || bytes.readUInt16BE(at) !== MARK) return undefined;
  return { flow: bytes[at + 2], place: bytes.readUIntBE(at + 3, 5) };
}

/** Found from two whole words that follow each other, at any place among the first bytes; else nothing can be told. */
export function readNumbers(bytes: Buffer, limit = 160): Numbered | undefined {
  for (let at = 0; at < limit && at + 2 * WORD_BYTES <= bytes.length; at++) {
    const [one, two] = [wordAt(bytes, at), wordAt(bytes, at + WORD_BYTES)];
    if (one && two && one.flow === two.flow && two.place === one.place + 1) {
      return { flow: one.flow, offset: one.place * WORD_BYTES - at };
    }
  }
  return undefined;
}

/** Which datagram of its flow a place is in. */
export const datagramOf = (offset: number): number => Math.floor(offset / (DATAGRAM_WORDS * WORD_BYTES));
