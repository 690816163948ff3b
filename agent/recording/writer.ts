/** Writing a recording: frames in order, whole ones only, whatever happens to the disk. */
import { open, rm, type FileHandle } from 'node:fs/promises';

/** The file could not be made, or a write failed; `code` is the system's. */
export class WriteError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'WriteError';
    this.code = code;
  }
}

export interface FrameWriter {
  frames: number;
  bytes: number;
  /** Bytes that wait for the disk. */
  readonly waitingBytes: number;
  /** Resolves with the first error of a write; what came after it was not written. */
  readonly failed: Promise<WriteError>;
  /** The same once it is known. */
  readonly error: WriteError | undefined;
  write(frame: Uint8Array): void;
  /** Waits for what was handed over and closes; a file without any frame is removed. */
  close(): Promise<void>;
}

/**
 * @param force replace the file when it is there: with the first frame, not before
 * @param onDrained called whenever nothing waits any more
 * @throws WriteError 'EEXIST' when the file is there and must not be replaced
 */
export async function createFrameWriter(path: string, force: boolean, onDrained: () => void): Promise<FrameWriter> {
  const file = force ? undefined : await create(path, 'wx');
  return new FileWriter(path, file, onDrained);
}

async function create(path: string, flags: 'w' | 'wx'): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o600);
  } catch (error) {
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new WriteError(code, `${path} exists already; --force replaces it`);
    throw new WriteError(code, `cannot create ${path}: ${message}`);
  }
}

class FileWriter implements FrameWriter {
  frames = 0;
  bytes = 0;
  waitingBytes = 0;
  error: WriteError | undefined;
  readonly failed: Promise<WriteError>;
  readonly #path: string;
  readonly #onDrained: () => void;
  #resolveFailed: (error: WriteError) => void = () => {};
  #waiting: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #file: FileHandle | undefined;
  #isBroken = false;

  constructor(path: string, file: FileHandle | undefined, onDrained: () => void) {
    this.#path = path;
    this.#file = file;
    this.#onDrained = onDrained;
    this.failed = new Promise((resolve) => (this.#resolveFailed = resolve));
  }

  write(frame: Uint8Array): void {
    if (this.#isBroken) return;
    this.#waiting.push(frame);
    this.waitingBytes += frame.length;
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isBroken) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#writeBatch(batch);
    }
    this.#writing = undefined;
    this.#onDrained();
  }

  async #writeBatch(batch: Uint8Array[]): Promise<void> {
    const start = this.bytes;
    const bytes = Buffer.concat(batch);
    let written = 0;
    let cause: NodeJS.ErrnoException | undefined;
    try {
      const file = (this.#file ??= await create(this.#path, 'w'));
      while (written < bytes.length) {
        written += (await file.write(bytes, written, bytes.length - written, start + written)).bytesWritten;
      }
    } catch (error) {
      cause = error as NodeJS.ErrnoException;
    }
    this.waitingBytes -= bytes.length;
    for (const frame of batch) {
      if (this.bytes - start + frame.length > written) break;
      this.frames++;
      this.bytes += frame.length;
    }
    if (cause) await this.#break(cause);
  }

  /** Keeps the frames that are whole. */
  async #break(cause: NodeJS.ErrnoException): Promise<void> {
    this.#isBroken = true;
    this.#waiting = [];
    this.waitingBytes = 0;
    await this.#file?.truncate(this.bytes).catch(() => {});
    const code = cause.code ?? 'EIO';
    const why = code === 'ENOSPC' ? 'the disk is full' : code === 'EDQUOT' ? 'the quota is used up' : cause.message;
    const message = `cannot write ${this.#path} any further: ${why}`;
    this.error = cause instanceof WriteError ? cause : new WriteError(code, message);
    this.#resolveFailed(this.error);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    if (this.#file && this.frames === 0) await rm(this.#path, { force: true });
  }
}
