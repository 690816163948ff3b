/** One filter at a time, of whoever asked first, until they take it back or go. */

export interface FilterAsked {
  expression: string;
  by: string;
}

export interface Lease {
  /** False where somebody else has one. An empty expression gives it back. */
  ask(holder: object, asked: FilterAsked): boolean;
  /** The holder is gone. */
  release(holder: object): void;
}

/** `apply` is told what is to be in force; undefined: nothing. */
export function createLease(apply: (asked: FilterAsked | undefined) => void): Lease {
  let held: object | undefined;
  const release = (holder: object): void => {
    if (held !== holder) return;
    held = undefined;
    apply(undefined);
  };
  return {
    ask(holder, asked) {
      if (held !== undefined && held !== holder) return false;
      if (asked.expression === '') release(holder);
      else {
        held = holder;
        apply(asked);
      }
      return true;
    },
    release,
  };
}
