/** What stood at the end of each second, kept for those who look back at it. */
export interface BySecond<T> {
  note(second: number, value: T): void;
  /** What stood at the end of that second; undefined before the first that is held. */
  at(second: number): T | undefined;
  /** The oldest that is held. */
  first(): T | undefined;
}

export function createBySecond<T>(keptSeconds: number): BySecond<T> {
  const values = new Map<number, T>();
  return {
    note(second, value) {
      values.set(second, value);
      const oldest = values.keys().next().value!;
      if (oldest < second - keptSeconds) values.delete(oldest);
    },
    at(second) {
      const latest = [...values.keys()].findLast((candidate) => candidate <= second);
      return latest === undefined ? undefined : values.get(latest);
    },
    first: () => values.values().next().value,
  };
}
