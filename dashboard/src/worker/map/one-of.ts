/** One object for all that are equal, where there may be very many of them. */

/** With more they are looked for anew: that costs memory only. */
const MAX_KNOWN = 65_536;

export function createOneOf<T>(keyOf: (value: T) => string): (value: T) => T {
  const known = new Map<string, T>();
  return (value) => {
    const key = keyOf(value);
    const one = known.get(key);
    if (one) return one;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, value);
    return value;
  };
}
