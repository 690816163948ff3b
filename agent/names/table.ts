/** Addresses to numbers: open addressing over the four words of an address, nothing allocated at a look-up. */
export interface AddressTable {
  /** Replaces what the address had. */
  set(words: Uint32Array, at: number, value: number): void;
  /** -1 where the address is not known. */
  get(words: Uint32Array, at: number): number;
}

/** @param most addresses that it will hold */
export function createAddressTable(most: number): AddressTable {
  // At most half full, so that the next free slot is near.
  const slots = 2 ** Math.ceil(Math.log2(Math.max(8, 2 * most)));
  const keys = new Uint32Array(4 * slots);
  const values = new Int32Array(slots).fill(-1);

  /** The address's slot, or the free one where it would be. */
  function slotOf(words: Uint32Array, at: number): number {
    let slot = hash(words, at) & (slots - 1);
    while (values[slot] !== -1 && !isSame(keys, 4 * slot, words, at)) slot = (slot + 1) & (slots - 1);
    return slot;
  }

  return {
    set(words, at, value) {
      const slot = slotOf(words, at);
      for (let word = 0; word < 4; word++) keys[4 * slot + word] = words[at + word];
      values[slot] = value;
    },
    get: (words, at) => values[slotOf(words, at)],
  };
}

const isSame = (a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean =>
  a[atA] === b[atB] && a[atA + 1] === b[atB + 1] && a[atA + 2] === b[atB + 2] && a[atA + 3] === b[atB + 3];

/** Pods' addresses differ in a few bits only: every bit must reach the lowest ones. */
function hash(words: Uint32Array, at: number): number {
  let mixed = 0;
  for (let word = 0; word < 4; word++) {
    mixed = Math.imul(mixed ^ words[at + word], 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  return mixed;
}
