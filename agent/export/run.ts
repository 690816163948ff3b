/** `hoplens export`: a recording in the form of somebody else's tool. */
import type { Writable } from 'node:stream';
import { RecordingError, readFrames } from '../recording/reader.ts';
import { stopAfter } from '../recording/stop.ts';
import { WriteError } from '../recording/writer.ts';
import { explainFilter, FilterError, parseFilter, type Filter } from '../trace/filter.ts';
import { formatCount } from '../trace/numbers.ts';
import type { Format } from './exporter.ts';
import { makers } from './formats.ts';
import { createFileOutput, createStreamOutput, type Output } from './output.ts';
import { walk, type Walked } from './walk.ts';

export interface ExportOptions {
  file: string;
  format: Format;
  /** The standard output without it. */
  out?: string | undefined;
  /** Replace `out` when it is there. */
  force?: boolean | undefined;
  filter?: string | undefined;
  partial?: boolean | undefined;
  version: string;
  /** Where results go without `out`. */
  output: Writable & { isTTY?: boolean };
  /** Diagnostics, a line each. */
  say: (line: string) => void;
  /** Ends it before the recording does; without it SIGINT and SIGTERM do. */
  signal?: AbortSignal | undefined;
}

/** 0 done, 1 failed (what came until then is kept), 2 wrong usage. */
export async function runExport(options: ExportOptions): Promise<number> {
  let filter: Filter;
  try {
    filter = parseFilter(options.filter ?? '');
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    options.say(`filter: ${explainFilter(options.filter ?? '', error)}`);
    return 2;
  }
  if (options.format === 'pcapng' && options.out === undefined && options.output.isTTY) {
    options.say('pcapng is not for terminals: --out FILE, or a pipe');
    return 2;
  }
  return exportTo(options, filter);
}

async function exportTo(options: ExportOptions, filter: Filter): Promise<number> {
  const stop = stopAfter(undefined, options.signal);
  try {
    // Nothing is made, or replaced, for a file that is none of ours.
    for await (const frame of readFrames(options.file)) if (frame) break;
    const output = await open(options);
    return await write(options, filter, output, stop.signal);
  } catch (error) {
    if (!(error instanceof WriteError || error instanceof RecordingError)) throw error;
    // Whoever reads has enough.
    if (error.code === 'EPIPE') return 0;
    options.say(error.message);
    return error.code === 'EEXIST' ? 2 : 1;
  } finally {
    stop.dispose();
  }
}

const open = ({ out, force = false, output }: ExportOptions): Promise<Output> =>
  out === undefined ? Promise.resolve(createStreamOutput(output)) : createFileOutput(out, force);

async function write(options: ExportOptions, filter: Filter, output: Output, signal: AbortSignal): Promise<number> {
  const exporter = makers[options.format]((piece) => output.emit(piece), options.version);
  const frames = until(signal, readFrames(options.file));
  try {
    const walked = await walk(frames, exporter, { filter, partial: options.partial, relief: () => output.relief() });
    await output.close();
    tell(options, walked, exporter.late, output.bytes);
    if (!signal.aborted) return 0;
    options.say('interrupted: the rest of the recording is not in it');
    return 1;
  } catch (error) {
    // A recording that is cut off is worth what stands before the cut.
    if (error instanceof RecordingError) await output.close();
    throw error;
  }
}

async function* until(signal: AbortSignal, frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) {
    if (signal.aborted) return;
    yield frame;
  }
}

function tell({ out, say }: ExportOptions, { paths, partial, garbage }: Walked, late: number, bytes: number): void {
  const parts = [`${formatCount(paths)} paths, ${formatCount(bytes)} bytes`];
  if (partial > 0) parts.push(`${formatCount(partial)} paths whose beginning nobody saw left out (--partial)`);
  if (late > 0) parts.push(`${formatCount(late)} records not in order`);
  if (garbage > 0) parts.push(`${formatCount(garbage)} frames were not ours and were skipped`);
  say(`${out === undefined ? '' : `${out}: `}${parts.join('; ')}`);
}
