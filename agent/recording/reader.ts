/** Reading a recording: frames behind one another, as they came. Its errors say at which byte. */
import { open, type FileHandle } from 'node:fs/promises';
import { HEADER_BYTES, WireError, frameBytes } from '../wire/frame.ts';

export type RecordingErrorCode = 'unreadable' | 'empty' | 'not-hoplens' | 'version' | 'corrupt' | 'cut-off';

export class RecordingError extends Error {
  readonly code: RecordingErrorCode;
  /** Bytes of whole frames before the trouble. */
  readonly goodBytes: number;
  constructor(code: RecordingErrorCode, message: string, goodBytes: number) {
    super(message);
    this.name = 'RecordingError';
    this.code = code;
    this.goodBytes = goodBytes;
  }
}

const CHUNK_BYTES = 1 << 20;

/**
 * The frames of a file in its order, each in a buffer of its own (so its payload is aligned).
 * @throws RecordingError after the last frame that is whole
 */
export async function* readFrames(path: string): AsyncGenerator<Uint8Array> {
  const file = await openRecording(path);
  try {
    yield* framesOf(file, path);
  } finally {
    await file.close();
  }
}

async function openRecording(path: string): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    if (!(await file.stat()).isFile()) throw new Error('it is not a file');
    return file;
  } catch (error) {
    await file?.close();
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RecordingError(
      'unreadable',
      `cannot read ${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`,
      0,
    );
  }
}

async function* framesOf(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  let at = 0;
  let wanted = CHUNK_BYTES;
  for (;;) {
    const chunk = await readAt(file, path, at, wanted);
    let used = 0;
    let total: number | undefined;
    while ((total = frameAt(chunk, used, path, at)) !== undefined && chunk.length - used >= total) {
      yield chunk.slice(used, used + total);
      used += total;
    }
    at += used;
    const isEnd = chunk.length < wanted;
    if (isEnd && chunk.length > used) throw cutOff(path, at, chunk.length - used, total);
    if (isEnd && at === 0) throw new RecordingError('empty', `${path} is empty`, 0);
    if (isEnd) return;
    wanted = Math.max(CHUNK_BYTES, total ?? HEADER_BYTES);
  }
}

async function readAt(file: FileHandle, path: string, position: number, bytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  let filled = 0;
  try {
    while (filled < bytes) {
      const { bytesRead } = await file.read(buffer, filled, bytes - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw new RecordingError(
      'unreadable',
      `cannot read ${path} at byte ${position}: ${(error as Error).message}`,
      position,
    );
  }
  return buffer.subarray(0, filled);
}

/** Bytes of the frame at `used`, undefined while its header is not whole. */
function frameAt(chunk: Uint8Array, used: number, path: string, at: number): number | undefined {
  try {
    return frameBytes(chunk, used);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw frameError(path, at + used, error);
  }
}

function frameError(path: string, position: number, error: WireError): RecordingError {
  if (error.code === 'version')
    return new RecordingError('version', `${path}, byte ${position}: ${error.message}`, position);
  if (position === 0)
    return new RecordingError('not-hoplens', `${path} is no recording of hoplens (${error.message})`, 0);
  return new RecordingError('corrupt', `${path} is damaged at byte ${position}: ${error.message}`, position);
}

function cutOff(path: string, position: number, bytes: number, total: number | undefined): RecordingError {
  // Too short for a header: if it does not even begin like one, it never was a recording.
  if (position === 0 && total === undefined) {
    return new RecordingError('not-hoplens', `${path} is no recording of hoplens (only ${bytes} bytes)`, 0);
  }
  const of = total === undefined ? 'header' : `frame of ${total} bytes`;
  return new RecordingError(
    'cut-off',
    `${path} is cut off at byte ${position}: only ${bytes} bytes of a ${of} are there`,
    position,
  );
}
