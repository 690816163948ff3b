/** Work that need not be done at once: one piece for every second frame drawn, so that none takes long, nor the one before it late. */
const waiting = new Map<object, () => void>();
let isRunning = false;

function next(): void {
  const first = waiting.entries().next().value;
  if (!first) {
    isRunning = false;
    return;
  }
  waiting.delete(first[0]);
  first[1]();
  later();
}

const later = (): void => void requestAnimationFrame(() => requestAnimationFrame(next));

/** In a coming frame, after the one that this one's changes are drawn in; what the same owner still had waiting is dropped. */
export function inTurn(owner: object, work: () => void): void {
  waiting.set(owner, work);
  if (isRunning) return;
  isRunning = true;
  later();
}

export const leaveTurn = (owner: object): void => void waiting.delete(owner);
