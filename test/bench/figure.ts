/** What a benchmark is, and what it gives. */

export interface Figure {
  /** Says by itself what was measured. */
  what: string;
  unit: string;
  /** One value for each round. */
  rounds: number[];
  /** Reported, and never a gate. */
  goal?: { value: number; better: 'less' | 'more' };
}

export interface Context {
  /** Fewer and shorter rounds: to try, not to quote. */
  quick: boolean;
  /** Aborted when the user wants it to end. */
  signal: AbortSignal;
  /** Rejects when the user wants it to end. */
  sleep: (ms: number) => Promise<void>;
}

export interface Benchmark {
  name: string;
  about: string;
  /** @throws Error saying what could not be measured */
  run(context: Context): Promise<Figure[]>;
}
