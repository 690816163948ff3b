/**
 * Puts what comes nearly in order in order. Paths are told up to some seconds after their packets, for a verdict is waited
 * for; files whose readers want rising times get each item once none before it can come any more.
 */

/** Verdicts come 5 s behind their packet, statuses a second later, and a silent stream is waited for 3 s. */
const HELD_NS = 12e9;
/** Of a flood: beyond, the earliest go although an earlier one may come. */
const MOST_HELD = 200_000;

export interface InOrder<T> {
  add(atNs: number, item: T): void;
  /** The rest, in order. */
  flush(): void;
  /** Items that came behind their turn. */
  readonly late: number;
}

interface Held<T> {
  atNs: number;
  /** What came first stays first. */
  number: number;
  item: T;
}

export function createInOrder<T>(
  give: (item: T, atNs: number) => void,
  heldNs: number = HELD_NS,
  mostHeld: number = MOST_HELD,
): InOrder<T> {
  const heap: Held<T>[] = [];
  let [number, late] = [0, 0];
  let [latestNs, givenNs] = [-Infinity, -Infinity];

  function giveFirst(): void {
    const { atNs, item } = takeLeast(heap);
    if (atNs < givenNs) late++;
    givenNs = Math.max(givenNs, atNs);
    give(item, atNs);
  }

  return {
    add(atNs, item) {
      latestNs = Math.max(latestNs, atNs);
      put(heap, { atNs, number: number++, item });
      while (heap.length > mostHeld || heap[0]?.atNs < latestNs - heldNs) giveFirst();
    },
    flush() {
      while (heap.length > 0) giveFirst();
    },
    get late() {
      return late;
    },
  };
}

const isBefore = (a: Held<unknown>, b: Held<unknown>): boolean =>
  a.atNs < b.atNs || (a.atNs === b.atNs && a.number < b.number);

/** A binary heap: each is before both of its children, at 2i + 1 and 2i + 2. */
function put<T>(heap: Held<T>[], held: Held<T>): void {
  let at = heap.push(held) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(held, heap[parent])) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = held;
}

function takeLeast<T>(heap: Held<T>[]): Held<T> {
  const least = heap[0];
  const last = heap.pop()!;
  if (heap.length === 0) return least;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (child >= heap.length || !isBefore(heap[child], last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return least;
}
