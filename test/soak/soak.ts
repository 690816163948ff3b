/** Hours of recorded time into the page's worker code, faster than they were: as when a long recording is opened. */
import { createPlayer } from '../../dashboard/src/worker/player.ts';
import type { Sample } from './growth.ts';
import { createLater, type Lap } from './later.ts';
import { heldMemory, type Memory } from './memory.ts';
import { createViewer } from './viewer.ts';

/** About as often the agents start again. */
const START_MS = 3_600_000;
const MS_PER_MINUTE = 60_000;

export interface Measured extends Sample, Memory {
  /** Rows that the page holds. */
  rows: number;
}

export interface Soaking {
  /** Of recorded time, and between two measurements. */
  minutes: number;
  everyMinutes: number;
  /** From one lap of the recording to the next: longer than it is. */
  lapMs: number;
}

export async function soak(
  recording: readonly Uint8Array[],
  { minutes, everyMinutes, lapMs }: Soaking,
  onSample: (sample: Measured) => void,
): Promise<void> {
  const later = createLater(recording, lapMs);
  const lapsOfAStart = Math.round(START_MS / lapMs);
  const player = createPlayer();
  const viewer = createViewer();
  let startMs = NaN;
  let next = everyMinutes;

  async function measure(): Promise<void> {
    onSample({ ...(await heldMemory()), minutes: next, rows: viewer.rows });
    next += everyMinutes;
  }

  for (let number = 0; next <= minutes; number++) {
    const lap: Lap = { number, sinceStart: number % lapsOfAStart, starts: Math.floor(number / lapsOfAStart) };
    for (const frame of recording) {
      const moved = later(frame, lap);
      if (!moved) continue;
      player.fileFrame(moved);
      const nowMs = player.nowMs(0);
      if (nowMs <= 0) continue;
      viewer.see(player.session, nowMs);
      if (Number.isNaN(startMs)) startMs = nowMs;
      if (nowMs - startMs >= next * MS_PER_MINUTE) await measure();
    }
  }
}
