/** Whether memory grows: a line through what was measured, against what is allowed. */
export interface Sample {
  /** Of recorded time. */
  minutes: number;
  bytes: number;
}

export interface Growth {
  bytesPerHour: number;
  isGrowing: boolean;
}

export interface Allowance {
  /** By then all that is kept for a time has been kept for it, and tables that double have done so. */
  afterMinutes: number;
  /** Noise of garbage collections, and what the engine keeps of our code. */
  bytesPerHour: number;
}

export function growthOf(samples: readonly Sample[], { afterMinutes, bytesPerHour: allowed }: Allowance): Growth {
  const settled = samples.filter(({ minutes }) => minutes >= afterMinutes);
  if (settled.length < 3) throw new Error(`${settled.length} measurements after ${afterMinutes} minutes tell nothing`);
  const bytesPerHour = slopeOf(settled) * 60;
  return { bytesPerHour, isGrowing: bytesPerHour > allowed };
}

/** By least squares, in bytes a minute. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((all, one) => all + of(one), 0) / samples.length;
  const [minutes, bytes] = [mean((one) => one.minutes), mean((one) => one.bytes)];
  const together = mean((one) => (one.minutes - minutes) * (one.bytes - bytes));
  return together / mean((one) => (one.minutes - minutes) ** 2);
}
