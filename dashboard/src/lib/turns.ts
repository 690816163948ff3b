/** Work that need not be done at once: one piece for each frame drawn, so that none takes long. */
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
  requestAnimationFrame(next);
}

/** In a coming frame, after the one that this one's changes are drawn in; what the same owner still had waiting is dropped. */
export function inTurn(owner: object, work: () => void): void {
  waiting.set(owner, work);
  if (isRunning) return;
  isRunning = true;
  requestAnimationFrame(() => requestAnimationFrame(next));
}

export const leaveTurn = (owner: object): void => void waiting.delete(owner);
