/** What `trace` is made of. */
import type { Control } from '../client/protocol.ts';
import type { Output } from './screen.ts';
import type { SlowLimit } from './slow.ts';

/** Where frames come from. */
export interface FrameFeed {
  /**
   * `onEnd` once, when no more will come: with a sentence when that is an error.
   * @param onFrame with the time at which the frame is to be taken, where that is not now; never falls
   * @param say takes a line for whoever looks
   */
  start(
    onFrame: (bytes: Uint8Array, atMs?: number) => void,
    onEnd: (error?: string) => void,
    say: (line: string) => void,
  ): void;
  stop(): void;
  /** While frames of the past are read. */
  isPast?: () => boolean;
  /** Undefined where nobody can be asked, as in a recording. */
  send?: (control: Control) => void;
}

export interface TraceOptions {
  feed: FrameFeed;
  filter?: string | undefined;
  /** Length of the traced time behind the past; without it until `count` or the signal. */
  forMs?: number | undefined;
  count?: number | undefined;
  /** Waits for one packet and draws it hop by hop. */
  one?: boolean | undefined;
  /** Only packets slower than this. */
  slow?: SlowLimit | undefined;
  /** Also paths without an entry hop. */
  partial?: boolean | undefined;
  json?: boolean | undefined;
  /** A line that stays under the picture. */
  note?: string | undefined;
  /** Results. */
  output: Output;
  /** Diagnostics, a line each. */
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
}
