/** Frames of a recording, as fast as they can be read, to an exporter. */
import { createAssembler, defaultOptions } from '../paths/assemble.ts';
import { createPace } from '../recording/pace.ts';
import { everything, type Filter } from '../trace/filter.ts';
import type { PathView } from '../paths/view.ts';
import { passes } from '../trace/shape.ts';
import type { Exporter } from './exporter.ts';

export interface WalkOptions {
  filter?: Filter | undefined;
  /** Of other paths nothing is said, not even that they were left out. */
  isWanted?: (view: PathView) => boolean;
  /** When a frame is taken, in milliseconds that never fall; since the recording began if nothing else is said. */
  timeOf?: (frame: Uint8Array) => number;
  /** Also paths whose beginning no agent saw. */
  partial?: boolean | undefined;
  /** Waits until what was emitted has gone out; called after every tenth of a recorded second. */
  relief?: () => Promise<void> | void;
}

export interface Walked {
  paths: number;
  /** Left out, for nobody saw where they began. */
  partial: number;
  /** Frames that were not whole or not ours. */
  garbage: number;
}

const TICK_MS = 100;

/** Behind the last frame nothing more will come: every verdict is due. */
const CLOSING_MS = 2 * (defaultOptions.verdictMs + defaultOptions.joinWindowMs);

export async function walk(
  frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  exporter: Exporter,
  options: WalkOptions = {},
): Promise<Walked> {
  const { filter = everything, isWanted, timeOf = createPace(), partial = false, relief } = options;
  const walked: Walked = { paths: 0, partial: 0, garbage: 0 };
  const assembler = createAssembler((view) => {
    if (isWanted?.(view) === false) return;
    if (!passes(filter, view)) return;
    if (!view.hasEntry && !partial) return void walked.partial++;
    walked.paths++;
    exporter.add(view, assembler.wall);
  });
  let nowMs = 0;
  let advancedMs = 0;
  const finish = (): Walked => {
    assembler.flush(nowMs + CLOSING_MS);
    exporter.end(assembler.summary());
    return { ...walked, garbage: assembler.intake().garbage };
  };
  try {
    for await (const frame of frames) {
      nowMs = timeOf(frame);
      assembler.push(frame, nowMs);
      if (nowMs - advancedMs < TICK_MS) continue;
      advancedMs = nowMs;
      assembler.advance(nowMs);
      await relief?.();
    }
  } catch (error) {
    // What stands before the trouble is worth having.
    finish();
    throw error;
  }
  return finish();
}
