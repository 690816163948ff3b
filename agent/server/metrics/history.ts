/** Metrics of the flight recorder: how far back one can look, and what had to go for want of memory. */
import type { Registry } from 'prom-client';
import type { HistoryStats } from '../../history/recorder.ts';
import { pullOne } from './pull.ts';

const metrics = [
  ['seconds', 'hoplens_history_seconds', 'Age of the oldest frame that is held.', 'gauge'],
  ['bytes', 'hoplens_history_bytes', 'Memory that held frames take.', 'gauge'],
  ['limitBytes', 'hoplens_history_limit_bytes', 'Memory that they may take.', 'gauge'],
  ['framesForgotten', 'hoplens_history_frames_forgotten_total', 'Frames forgotten for want of memory.', 'counter'],
  ['bytesForgotten', 'hoplens_history_bytes_forgotten_total', 'Bytes of frames forgotten for want of memory.', 'counter'],
] as const; // prettier-ignore

export function historyMetrics(registry: Registry, stats: () => HistoryStats | undefined): void {
  for (const [field, name, help, type] of metrics) pullOne(registry, { name, help, type }, () => stats()?.[field]);
}
