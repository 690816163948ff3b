/** Names are told whole, so a change of one costs as much as all: they take no more than their part of the stream. */
export interface Pace {
  /** There is something to tell: soon, and what comes until then with it. */
  changed(): void;
  stop(): void;
}

export interface PaceLimits {
  /** Changes come in bursts. */
  gatherMs: number;
  bytesPerSecond: number;
}

const defaultLimits: PaceLimits = { gatherMs: 200, bytesPerSecond: 64 << 10 };

/** @param tell gives the bytes that it took */
export function createPace(tell: () => number, some: Partial<PaceLimits> = {}): Pace {
  const { gatherMs, bytesPerSecond } = { ...defaultLimits, ...some };
  let timer: NodeJS.Timeout | undefined;
  let freeAtMs = -Infinity;

  function due(): void {
    timer = undefined;
    freeAtMs = performance.now() + (tell() / bytesPerSecond) * 1000;
  }

  return {
    changed: () => void (timer ??= setTimeout(due, Math.max(gatherMs, freeAtMs - performance.now()))),
    stop: () => clearTimeout(timer),
  };
}
