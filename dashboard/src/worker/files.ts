/** Files: what the agents remember, to be kept; and a recording, to be looked at without any agent. */
import { createPseudonymizer } from '../../../agent/pseudonyms/pseudonymize.ts';
import { WireError } from '../../../agent/wire/frame.ts';
import { splitFrames } from '../../../agent/wire/split.ts';
import { sentence } from '../lib/format.ts';
import { askSnapshot, type SnapshotWanted } from './snapshot.ts';

/** What went wrong with a file, in a sentence for whoever looks at the page. */
export class FileError extends Error {
  override name = 'FileError';
}

export interface FileWanted extends SnapshotWanted {
  /** Other addresses and names in place of the real ones. */
  pseudonymize: boolean;
}

const CHUNK_BYTES = 1 << 20;

/** @throws FileError */
export async function takeSnapshot({ pseudonymize, ...wanted }: FileWanted, nowMs: number): Promise<Blob> {
  try {
    const blob = await (await askSnapshot(wanted, nowMs)).blob();
    return pseudonymize ? await pseudonymized(blob) : blob;
  } catch (error) {
    throw new FileError(`No snapshot: ${sentence((error as Error).message)}`);
  }
}

export async function pseudonymized(file: Blob): Promise<Blob> {
  const pseudonymize = createPseudonymizer();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const frame of splitFrames(chunksOf(file))) {
    const other = pseudonymize(frame);
    if (other) parts.push(other as Uint8Array<ArrayBuffer>);
  }
  return new Blob(parts);
}

/** The frames of a file; `size` zero or bytes that are none of ours say so with the first. */
export async function* framesOf(file: Blob, name: string): AsyncGenerator<Uint8Array> {
  let frames = 0;
  try {
    for await (const frame of splitFrames(chunksOf(file))) {
      frames++;
      yield frame;
    }
  } catch (error) {
    if (!(error instanceof WireError))
      throw new FileError(`${name} cannot be read: ${sentence((error as Error).message)}${left(frames)}`);
    if (frames === 0) throw new FileError(`${name} is no recording of hoplens that this page reads: ${error.message}.`);
    throw new FileError(`${name} is damaged: ${error.message}.${left(frames)}`);
  }
  if (frames === 0) throw new FileError(`${name} is empty.`);
}

const left = (frames: number): string => (frames > 0 ? ' What stands before is shown.' : '');

async function* chunksOf(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += CHUNK_BYTES)
    yield new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer());
}
