/** When to end: the time is over, a signal came, or the caller says so. */
export interface Stop {
  signal: AbortSignal;
  /** Takes the signal handlers and the timer away. */
  dispose(): void;
}

/** An option that makes no sense: exit code 2. */
export class UsageError extends Error {
  readonly code = 'usage';
}

/** @param outer the caller's own; without one, SIGINT and SIGTERM end it */
export function stopAfter(forMs: number | undefined, outer: AbortSignal | undefined): Stop {
  const own = new AbortController();
  const abort = (): void => own.abort();
  const timer = forMs === undefined ? undefined : setTimeout(abort, forMs);
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  const signals = outer ? [] : (['SIGINT', 'SIGTERM'] as const);
  for (const name of signals) process.once(name, abort);
  return {
    signal: own.signal,
    dispose() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
      for (const name of signals) process.off(name, abort);
    },
  };
}
