/** One object for all that are equal, where there may be very many of them; known as long as somebody has it. */
export function createOneOf<T extends object>(keyOf: (value: T) => string): (value: T) => T {
  const known = new Map<string, WeakRef<T>>();
  const forgotten = new FinalizationRegistry<string>((key) => {
    // Meanwhile it may have come again.
    if (!known.get(key)?.deref()) known.delete(key);
  });
  return (value) => {
    const key = keyOf(value);
    const one = known.get(key)?.deref();
    if (one) return one;
    known.set(key, new WeakRef(value));
    forgotten.register(value, key);
    return value;
  };
}
