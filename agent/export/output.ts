/** Where an exported file goes: a file of its own, or the standard output. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { createFrameWriter, WriteError } from '../recording/writer.ts';
import type { Piece } from './exporter.ts';

export interface Output {
  emit(piece: Piece): void;
  /** Waits while too much waits; throws WriteError once nothing more can be written. */
  relief(): Promise<void>;
  /** Waits for everything. */
  close(): Promise<void>;
  readonly bytes: number;
}

/** With more than this waiting for the disk no further frame is read. */
const WAITING_BYTES = 4 << 20;

const bytesOf = (piece: Piece): Uint8Array => (typeof piece === 'string' ? Buffer.from(piece) : piece);

/**
 * A full disk leaves the pieces that are whole.
 * @throws WriteError 'EEXIST' when the file is there and must not be replaced
 */
export async function createFileOutput(path: string, force: boolean): Promise<Output> {
  let drained = (): void => {};
  const writer = await createFrameWriter(path, force, () => drained());
  const throwError = (): void => {
    if (writer.error) throw writer.error;
  };
  return {
    emit: (piece) => writer.write(bytesOf(piece)),
    async relief() {
      throwError();
      if (writer.waitingBytes > WAITING_BYTES) await new Promise<void>((resolve) => (drained = resolve));
      throwError();
    },
    async close() {
      await writer.close();
      throwError();
    },
    get bytes() {
      return writer.bytes;
    },
  };
}

/** A reader that goes away (`| head`) ends it: WriteError 'EPIPE'. */
export function createStreamOutput(stream: Writable): Output {
  let failed: WriteError | undefined;
  let [waiting, bytes] = [false, 0];
  stream.on('error', ({ code = 'EIO', message }: NodeJS.ErrnoException) => {
    failed ??= new WriteError(code, `cannot write any further: ${message}`);
  });
  const relief = async (): Promise<void> => {
    // An error ends the waiting too.
    if (waiting && !failed) await once(stream, 'drain').catch(() => {});
    waiting = false;
    if (failed) throw failed;
  };
  return {
    emit(piece) {
      if (failed) return;
      const chunk = bytesOf(piece);
      waiting = !stream.write(chunk) || waiting;
      bytes += chunk.length;
    },
    relief,
    async close() {
      await relief();
      await new Promise<void>((resolve) => stream.write('', () => resolve()));
      if (failed) throw failed;
    },
    get bytes() {
      return bytes;
    },
  };
}
