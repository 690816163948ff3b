/** Everybody who reads the stream now: what each is sent, what they ask for, and how they are closed. */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Control, Scope } from '../client/protocol.ts';
import { parseControl, rateLimit } from './control.ts';
import { Reader, type ReaderStats } from './reader.ts';
import type { FrameSource } from './source.ts';

export interface ReadersOptions {
  /** What a reader of this scope gets; `node` is the agent's own stream. */
  sources: (scope: Scope) => FrameSource[];
  /** Without it control messages are refused. */
  onControl?: (control: Control, from: ControlReader) => void;
}

/** Who sends control messages. */
export interface ControlReader {
  scope: Scope;
  address: string;
  /** Aborts when the reader is gone. */
  gone: AbortSignal;
}

export interface ReadersLimits {
  readers: number;
  /** Bytes of frames that wait for one reader. */
  queueBytes: number;
  /** Control messages of one reader in 10 s. */
  controlMessages: number;
  /** Bytes of the past that one newcomer is sent, of all nodes together. */
  pastBytes: number;
}

export interface ReadersStats extends ReaderStats {
  readers: number;
  readersTotal: number;
  controlAccepted: number;
  controlRejected: number;
}

/** After which a connection that does not take part in its closing is cut. */
export const CLOSE_MS = 1000;
const CONTROL_WINDOW_MS = 10_000;

export class Readers {
  readonly #options: ReadersOptions;
  readonly #limits: ReadersLimits;
  readonly #stats: ReadersStats;
  readonly #readers = new Map<WebSocket, Reader>();

  /** @param stats are counted on */
  constructor(options: ReadersOptions, limits: ReadersLimits, stats: ReadersStats) {
    this.#options = options;
    this.#limits = limits;
    this.#stats = stats;
  }

  isFull(): boolean {
    return this.#readers.size >= this.#limits.readers;
  }

  /** @param pastMs how long ago to begin; 0 is now */
  add(socket: WebSocket, scope: Scope, pastMs: number): void {
    const reader = new Reader(socket, this.#options.sources(scope), this.#limits.queueBytes, this.#stats);
    this.#readers.set(socket, reader);
    this.#stats.readers = this.#readers.size;
    this.#stats.readersTotal++;
    const isAllowed = rateLimit(this.#limits.controlMessages, CONTROL_WINDOW_MS);
    const gone = new AbortController();
    const from = { scope, address: socketOf(socket).remoteAddress ?? 'somebody', gone: gone.signal };
    socket.on('message', (data, isBinary) => this.#control(socket, from, data as Buffer, isBinary, isAllowed));
    socket.on('error', () => this.#stats.controlRejected++);
    socket.on('close', () => {
      reader.stop();
      gone.abort();
      this.#readers.delete(socket);
      this.#stats.readers = this.#readers.size;
    });
    reader.start(pastMs > 0 ? { ageMs: pastMs, bytes: this.#limits.pastBytes } : undefined);
  }

  #control(
    socket: WebSocket,
    from: ControlReader,
    data: Buffer,
    isBinary: boolean,
    isAllowed: (nowMs: number) => boolean,
  ): void {
    // Messages that were on their way when the first bad one closed the connection.
    if (socket.readyState !== socket.OPEN) return;
    const { onControl } = this.#options;
    const isTooMany = !isAllowed(performance.now());
    const control = isTooMany ? 'too many control messages' : parseControl(data, isBinary);
    if (typeof control !== 'string' && onControl) {
      this.#stats.controlAccepted++;
      return onControl(control, from);
    }
    // A recording follows nobody; that no status has the filter says so.
    if (typeof control !== 'string' && control.type === 'filter') return;
    this.#stats.controlRejected++;
    closeSocket(socket, 1008, typeof control === 'string' ? control : 'this stream takes no control messages');
  }

  /** Cuts off those who give no sign of life. */
  check(): void {
    for (const [socket, reader] of this.#readers) if (!reader.check()) socket.terminate();
  }

  /** Where they are: their ends of the connections. */
  remotes(): { address: string; port: number }[] {
    return [...this.#readers.keys()]
      .map(socketOf)
      .flatMap(({ remoteAddress: address, remotePort: port }) => (address && port ? [{ address, port }] : []));
  }

  isDrained(): boolean {
    return [...this.#readers].every(([socket, reader]) => reader.isDrained() && socket.bufferedAmount === 0);
  }

  hasBacklog(): boolean {
    return [...this.#readers.values()].some((reader) => reader.hasBacklog());
  }

  close(code: number, reason: string): void {
    for (const socket of this.#readers.keys()) closeSocket(socket, code, reason);
  }
}

// ws has no public way to its socket's far end.
const socketOf = (socket: WebSocket): Socket => (socket as unknown as { _socket: Socket })._socket;

function closeSocket(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  const cut = setTimeout(() => socket.terminate(), CLOSE_MS);
  socket.once('close', () => clearTimeout(cut));
}
