/** `npm run check:soak`: hours of recorded traffic into the page's worker, after which it may hold no more than after one. */
import { readFrames } from '../../agent/recording/reader.ts';
import { RECORDING } from '../fixtures/recording.ts';
import { growthOf } from './growth.ts';
import { soak, type Measured } from './soak.ts';

const EVERY_MINUTES = 15;
/** A little longer than the recording. */
const LAP_MS = 21_000;
const ALLOWANCE = { afterMinutes: 60, bytesPerHour: 0.5e6 };
const hours = Number(process.argv[2] ?? 8);
if (!(hours >= 2)) {
  console.error('usage: npm run check:soak -- [HOURS]   at least 2: only what is held after the first is judged');
  process.exit(2);
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
const cells = (...texts: (string | number)[]): string => texts.map((text) => String(text).padStart(10)).join('');

const recording: Uint8Array[] = [];
for await (const frame of readFrames(RECORDING)) recording.push(frame);
const samples: Measured[] = [];
const startMs = performance.now();
console.log(cells('recorded', 'heap', 'buffers', 'rows', 'passed'));
await soak(recording, { minutes: hours * 60, everyMinutes: EVERY_MINUTES, lapMs: LAP_MS }, (sample) => {
  samples.push(sample);
  const { minutes, heapBytes, bufferBytes, rows } = sample;
  const seconds = Math.round((performance.now() - startMs) / 1000);
  console.log(cells(`${minutes} min`, `${mb(heapBytes)} MB`, `${mb(bufferBytes)} MB`, rows, `${seconds} s`));
});
const { bytesPerHour, isGrowing } = growthOf(samples, ALLOWANCE);
const change = `${bytesPerHour < 0 ? '' : '+'}${(bytesPerHour / 1e6).toFixed(2)} MB an hour after the first`;
console.log(`${change}, allowed ${mb(ALLOWANCE.bytesPerHour)}: ${isGrowing ? 'it grows' : 'it does not grow'}`);
process.exitCode = isGrowing ? 1 : 0;
