/** Where the frames of what is shown can be had again. */
import { splitFrames } from '../../../agent/wire/split.ts';
import type { Span } from '../lib/span.ts';
import { framesOf } from './files.ts';
import { askSnapshot, type SnapshotWanted } from './snapshot.ts';
import { timed, type TimedFrame } from './walk-span.ts';
import { wallMs } from './wall.ts';

export type Source =
  | { from: 'agents'; base: string; token: string | undefined }
  | { from: 'file'; file: Blob }
  /** Kept, each with the page's time at which it was taken. */
  | { from: 'replay'; file: Blob; atMs: Float64Array };

export function keptSource(frames: readonly TimedFrame[]): Source {
  const parts = frames.map(({ frame }) => frame as Uint8Array<ArrayBuffer>);
  return { from: 'replay', file: new Blob(parts), atMs: Float64Array.from(frames, ({ atMs }) => atMs) };
}

/** At the page's times; none of them is asked for before it is read. */
export function framesIn(source: Source, span: Span): AsyncIterable<TimedFrame> {
  switch (source.from) {
    case 'agents':
      return remembered({ ...source, span });
    case 'file':
      return untilDamage(timed(framesOf(source.file, 'the file')));
    case 'replay':
      return at(source.atMs, framesOf(source.file, 'what was replayed'));
  }
}

async function* remembered(wanted: SnapshotWanted): AsyncGenerator<TimedFrame> {
  const response = await askSnapshot(wanted, wallMs());
  for await (const each of timed(splitFrames(chunksOf(response.body!)), wallMs())) yield each;
}

async function* at(atMs: Float64Array, frames: AsyncIterable<Uint8Array>): AsyncGenerator<TimedFrame> {
  let next = 0;
  for await (const frame of frames) yield { frame, atMs: atMs[next++] };
}

/** What stands before is shown, and the page has said what is wrong with the rest. */
async function* untilDamage(frames: AsyncIterable<TimedFrame>): AsyncGenerator<TimedFrame> {
  let isAny = false;
  try {
    for await (const frame of frames) {
      isAny = true;
      yield frame;
    }
  } catch (error) {
    if (!isAny) throw error;
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}
