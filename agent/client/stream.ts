/**
 * The reading end of a stream: connects, checks every frame's header, connects again. Shared by gateways, `trace` and `record`.
 */
import { WebSocket } from 'ws';
import { HEADER_BYTES, MAX_PAYLOAD_BYTES, WireError } from '../wire/frame.ts';
import { checkFrame, retryDelayMs } from './reading.ts';
import { END_OF_RECORDING, PROTOCOL, TOKEN_PROTOCOL_PREFIX, streamUrl, type Control, type Scope } from './protocol.ts';
import { StreamError, closeError, connectError, responseError } from './errors.ts';

export interface StreamOptions {
  /** `host:port`, `ws://host:port` or `wss://host:port`. */
  address: string;
  scope: Scope;
  token?: string | undefined;
  /** How much of the past to ask for, each time that it connects. */
  pastMs?: () => number;
  /** `always`: whatever goes wrong. `once-up`: a stream that never came up, or whose server refuses us, ends. */
  retry: 'always' | 'once-up';
  /** One whole frame of a version that we read; at no alignment. Its bytes are the callee's to keep. */
  onFrame: (frame: Uint8Array) => void;
  onState?: (state: StreamState) => void;
  /** A message that is no frame. The third of one connection closes it. */
  onGarbage?: (error: WireError) => void;
  limits?: Partial<StreamLimits>;
}

export interface StreamLimits {
  handshakeMs: number;
  /** A server pings every 15 s: silence for longer is a dead connection. */
  silenceMs: number;
  firstRetryMs: number;
  longestRetryMs: number;
  garbage: number;
  /** A connection that held this long was a good one: the next failure is a first one. */
  steadyMs: number;
}

export type StreamState =
  | { state: 'connecting' }
  | { state: 'up' }
  | { state: 'down'; error: StreamError; retryMs: number }
  /** For good: without an error at the end of a recording. */
  | { state: 'ended'; error?: StreamError };

export interface Stream {
  /** False when the stream is not up. */
  send(control: Control): boolean;
  /** Stops reading from the socket: the server drops frames and says so. */
  pause(): void;
  resume(): void;
  /** Gives the current connection up for a reason of the caller's; the next one follows as after any failure. */
  reject(error: StreamError): void;
  /** No callback follows. */
  close(): void;
  /** The other end while connected. */
  remote(): { address: string; port: number } | undefined;
}

const defaultLimits: StreamLimits = {
  handshakeMs: 10_000,
  silenceMs: 45_000,
  firstRetryMs: 250,
  longestRetryMs: 10_000,
  garbage: 3,
  steadyMs: 5000,
};

/**
 * Connects at once and stays connected until closed.
 * @throws StreamError 'address'
 */
export function connectStream(options: StreamOptions): Stream {
  const connection = new Connection(streamUrl(options.address, options.scope), options);
  connection.start();
  return connection;
}

class Connection implements Stream {
  readonly #url: string;
  readonly #options: StreamOptions;
  readonly #limits: StreamLimits;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #attempt = 0;
  #garbage = 0;
  #wasUp = false;
  #upAtMs = Infinity;
  #paused = false;

  constructor(url: string, options: StreamOptions) {
    this.#url = url;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  start(): void {
    this.#options.onState?.({ state: 'connecting' });
    this.#garbage = 0;
    const { address, scope, token, pastMs } = this.#options;
    const protocols = token ? [PROTOCOL, TOKEN_PROTOCOL_PREFIX + Buffer.from(token).toString('base64url')] : [PROTOCOL];
    const socket = new WebSocket(streamUrl(address, scope, pastMs?.()), protocols, {
      perMessageDeflate: false,
      maxPayload: HEADER_BYTES + MAX_PAYLOAD_BYTES,
      handshakeTimeout: this.#limits.handshakeMs,
      followRedirects: false,
    });
    this.#socket = socket;
    const fail = (error: StreamError): void => this.#fail(socket, error);
    socket.on('open', () => this.#up(socket));
    socket.on('message', (data, isBinary) => this.#message(socket, data as Buffer, isBinary));
    socket.on('ping', () => {
      if (socket === this.#socket) this.#heard();
    });
    socket.on('unexpected-response', (request, response) => {
      void responseError(this.#url, response).then((error) => {
        request.destroy();
        fail(error);
      });
    });
    socket.on('error', (error) => fail(connectError(this.#url, error)));
    socket.on('close', (code, reason) => {
      const text = reason.toString();
      if (code === 1000 && text === END_OF_RECORDING) this.#end(socket);
      else fail(closeError(this.#url, code, text));
    });
  }

  #up(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#wasUp = true;
    this.#upAtMs = performance.now();
    this.#heard();
    if (this.#paused) socket.pause();
    this.#options.onState?.({ state: 'up' });
  }

  #heard(): void {
    clearTimeout(this.#silence);
    const seconds = this.#limits.silenceMs / 1000;
    this.#silence = setTimeout(() => {
      // A paused reader hears nothing by its own wish.
      if (this.#paused) this.#heard();
      else this.reject(new StreamError('lost', `${this.#url} was silent for ${seconds} s`));
    }, this.#limits.silenceMs);
  }

  #message(socket: WebSocket, data: Buffer, isBinary: boolean): void {
    if (socket !== this.#socket) return;
    this.#heard();
    try {
      checkFrame(data, isBinary);
    } catch (error) {
      if (error instanceof WireError) return this.#bad(socket, error);
      throw error;
    }
    this.#options.onFrame(data);
  }

  #bad(socket: WebSocket, error: WireError): void {
    this.#options.onGarbage?.(error);
    this.#garbage++;
    if (error.code === 'version') this.#fail(socket, new StreamError('version', `${this.#url}: ${error.message}`));
    else if (this.#garbage >= this.#limits.garbage) {
      const message = `${this.#url} sent ${this.#garbage} messages that are no frames (${error.message})`;
      this.#fail(socket, new StreamError('garbage', message));
    }
  }

  #fail(socket: WebSocket, error: StreamError): void {
    if (socket !== this.#socket) return;
    this.#drop();
    if (this.#options.retry === 'once-up' && (!this.#wasUp || error.isFinal)) {
      this.#options.onState?.({ state: 'ended', error });
      return;
    }
    const { firstRetryMs, longestRetryMs, steadyMs } = this.#limits;
    if (performance.now() - this.#upAtMs >= steadyMs) this.#attempt = 0;
    this.#upAtMs = Infinity;
    const retryMs = retryDelayMs(this.#attempt++, firstRetryMs, longestRetryMs);
    this.#timer = setTimeout(() => this.start(), retryMs);
    this.#options.onState?.({ state: 'down', error, retryMs });
  }

  #end(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#drop();
    this.#options.onState?.({ state: 'ended' });
  }

  #drop(): void {
    clearTimeout(this.#silence);
    this.#socket?.terminate();
    this.#socket = undefined;
  }

  send(control: Control): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(control));
    return true;
  }

  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  reject(error: StreamError): void {
    if (this.#socket) this.#fail(this.#socket, error);
  }

  close(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    clearTimeout(this.#silence);
    socket?.on('error', () => {});
    socket?.terminate();
  }

  remote(): { address: string; port: number } | undefined {
    // ws has no public way to its socket's far end.
    const socket = (this.#socket as unknown as { _socket?: import('node:net').Socket } | undefined)?._socket;
    if (socket?.remoteAddress === undefined || socket.remotePort === undefined) return undefined;
    return { address: socket.remoteAddress, port: socket.remotePort };
  }
}
