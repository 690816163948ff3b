/** What `npm run check:soak` does in hours, of a thin recording with many more pods, in seconds. */
import { expect, test } from 'vitest';
import { createPace } from '../../agent/recording/pace.ts';
import { readFrames } from '../../agent/recording/reader.ts';
import { framePlace } from '../../agent/server/source.ts';
import { FrameType } from '../../agent/wire/frame.ts';
import { RECORDING } from '../fixtures/recording.ts';
import { growthOf } from './growth.ts';
import { soak, type Measured } from './soak.ts';

const LAP_MS = 5000;
const EVERY_NTH = 24;

/** The first seconds, with all that nodes say of themselves and few packets. */
async function thinRecording(): Promise<Uint8Array[]> {
  const dueMs = createPace();
  const frames: Uint8Array[] = [];
  let legs = 0;
  for await (const frame of readFrames(RECORDING)) {
    if (dueMs(frame) > LAP_MS - 200) break;
    if (framePlace(frame).type !== FrameType.legs || legs++ % EVERY_NTH === 0) frames.push(frame);
  }
  return frames;
}

test('what the page holds of pods that came and went does not grow', async () => {
  const samples: Measured[] = [];
  await soak(await thinRecording(), { minutes: 100, everyMinutes: 5, lapMs: LAP_MS }, (sample) => samples.push(sample));
  // Four pods each five seconds: what forgets none of them grows by six megabytes an hour. Addresses are known for up to one.
  expect(growthOf(samples, { afterMinutes: 65, bytesPerHour: 3e6 })).toMatchObject({ isGrowing: false });
  expect(samples.at(-1)!.rows).toBeGreaterThan(100);
});

test('a line tells growth from noise', () => {
  const allowance = { afterMinutes: 60, bytesPerHour: 1000 };
  const measured = (bytesAt: (minutes: number) => number): { minutes: number; bytes: number }[] =>
    Array.from({ length: 20 }, (_, at) => ({ minutes: at * 15, bytes: bytesAt(at * 15) }));
  const noisy = measured((minutes) => 1e6 + (minutes % 2 === 0 ? 300 : -300) - Math.max(0, 60 - minutes) * 1e4);
  expect(growthOf(noisy, allowance).isGrowing).toBe(false);
  const leaking = noisy.map(({ minutes, bytes }) => ({ minutes, bytes: bytes + minutes * 20 }));
  expect(growthOf(leaking, allowance)).toMatchObject({ isGrowing: true });
  expect(Math.abs(growthOf(leaking, allowance).bytesPerHour - 1200)).toBeLessThan(200);
  expect(() => growthOf(noisy.slice(0, 5), allowance)).toThrow('tell nothing');
});
