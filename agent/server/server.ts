/** The agent's server: frames over WebSocket, the page, /metrics, /healthz, /readyz, /v1/info. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { INFO_PATH, PROTOCOL, SNAPSHOT_PATH, STREAM_PATH, type Info, type Scope } from '../client/protocol.ts';
import type { HistoryStats } from '../history/recorder.ts';
import { isAuthorized, isLoopbackHost, isSameOrigin, offeredProtocols } from './auth.ts';
import { MAX_CONTROL_BYTES } from './control.ts';
import { listen, type Bound, type Listen } from './listen.ts';
import { CLOSE_MS, Readers, type ReadersLimits, type ReadersOptions, type ReadersStats } from './readers.ts';
import { refuseUpgrade, reply } from './replies.ts';
import { parseLength } from '../history/span.ts';
import { serveSnapshot } from './snapshot.ts';

export interface ServerLimits extends ReadersLimits {
  heartbeatMs: number;
}

export interface ServerOptions extends ReadersOptions {
  listen: Listen;
  /** Wanted from everybody when the socket is beyond loopback. */
  token?: string | undefined;
  metrics: () => Promise<{ contentType: string; body: string }>;
  ready: () => { ready: boolean; reasons: string[] };
  /** Public files, for every path that is not ours; false when there is no such file. */
  files?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** What /v1/info tells anybody, so that a page knows what it looks at before it has a stream. */
  info?: { hoplens: string; recording: boolean };
  /** What the flight recorder holds, for the same answer. */
  history?: () => HistoryStats | undefined;
  limits?: Partial<ServerLimits>;
}

export interface ServerStats extends ReadersStats {
  /** Requests refused, by reason. */
  refused: Record<Refusal, number>;
}

export type Refusal = 'token' | 'origin' | 'host' | 'full' | 'protocol' | 'path';

export interface RunningServer {
  /** What others connect to: ws://HOST:PORT. */
  url: string;
  host: string;
  port: number;
  stats: ServerStats;
  /** Where readers are now: their ends of the connections. */
  remotes(): { address: string; port: number }[];
  /** True once every reader was handed all its frames. */
  isDrained(): boolean;
  /** True while frames wait for a reader that has not lost any yet. */
  hasBacklog(): boolean;
  /** Closes every connection with this reason; resolves when all are gone. */
  stop(reason?: string, code?: number): Promise<void>;
}

const defaultLimits: ServerLimits = {
  readers: 64,
  queueBytes: 8 << 20,
  controlMessages: 20,
  heartbeatMs: 15_000,
  pastBytes: 32 << 20,
};

/** @throws ServerError when it cannot listen, or must not */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = new StreamServer(options);
  await server.start();
  return server;
}

class StreamServer implements RunningServer {
  readonly stats: ServerStats = {
    readers: 0, readersTotal: 0, framesSent: 0, bytesSent: 0, framesMissed: 0, bytesMissed: 0,
    controlAccepted: 0, controlRejected: 0,
    refused: { token: 0, origin: 0, host: 0, full: 0, protocol: 0, path: 0 },
  }; // prettier-ignore
  readonly #options: ServerOptions;
  readonly #limits: ServerLimits;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #readers: Readers;
  #bound: Bound = { host: '', port: 0, isLoopback: true };
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#readers = new Readers(options, this.#limits, this.stats);
    this.#http = createServer({ maxHeaderSize: 16 << 10, headersTimeout: 10_000, requestTimeout: 10_000 });
    // Requests beside the readers are few; the rest waits in nobody's memory.
    this.#http.maxConnections = this.#limits.readers + 64;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: MAX_CONTROL_BYTES,
      clientTracking: false,
      handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
    });
    this.#http.on('request', (request, response) => void this.#request(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get host(): string {
    return this.#bound.host;
  }

  get port(): number {
    return this.#bound.port;
  }

  get url(): string {
    return `ws://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
  }

  async start(): Promise<void> {
    this.#bound = await listen(this.#http, this.#options.listen, this.#options.token !== undefined);
    this.#heartbeat = setInterval(() => this.#readers.check(), this.#limits.heartbeatMs);
  }

  #isAuthorized(request: IncomingMessage): boolean {
    return isAuthorized(request.headers, this.#options.token, !this.#bound.isLoopback);
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = parsePath(request.url);
    const path = url?.pathname;
    if (this.#bound.isLoopback && !isLoopbackHost(request.headers)) {
      this.stats.refused.host++;
      return reply(response, 403, 'not called by a loopback name');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, 'only GET');
    if (path === '/healthz') return reply(response, 200, 'ok');
    if (path === '/readyz') return this.#ready(response);
    if (path === '/metrics') return this.#metrics(request, response);
    if (path === SNAPSHOT_PATH) return this.#snapshot(request, response, url!.searchParams);
    if (path === INFO_PATH && this.#options.info) return this.#info(request, response);
    if (path === STREAM_PATH)
      return reply(response, 426, `a WebSocket of subprotocol ${PROTOCOL}`, { upgrade: 'websocket' });
    if (!this.#options.files?.(request, response)) reply(response, 404, 'no such page');
  }

  #ready(response: ServerResponse): void {
    const state = this.#options.ready();
    reply(response, state.ready ? 200 : 503, JSON.stringify(state), { 'content-type': 'application/json' });
  }

  /** A browser is not told why its WebSocket was refused: it asks here. */
  #info(request: IncomingMessage, response: ServerResponse): void {
    const info: Info = { ...this.#options.info!, protocol: PROTOCOL, authorized: this.#isAuthorized(request) };
    const history = this.#options.history?.();
    if (history) info.history = history;
    reply(response, 200, JSON.stringify(info), { 'content-type': 'application/json' });
  }

  /** False, and answered, for who may not read. */
  #admits(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#isAuthorized(request)) return true;
    this.stats.refused.token++;
    reply(response, 401, 'wants a bearer token', { 'www-authenticate': 'Bearer' });
    return false;
  }

  async #snapshot(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    const scope = parseScope(query.get('scope') ?? 'cluster');
    if (scope === undefined) return reply(response, 400, 'scope is node or cluster');
    if (!isSameOrigin(request.headers)) {
      this.stats.refused.origin++;
      return reply(response, 403, 'a page of another origin may not read');
    }
    if (this.#admits(request, response)) await serveSnapshot(query, response, this.#options.sources(scope));
  }

  async #metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#admits(request, response)) return;
    try {
      const { contentType, body } = await this.#options.metrics();
      reply(response, 200, body, { 'content-type': contentType });
    } catch (error) {
      reply(response, 500, `metrics failed: ${(error as Error).message}`);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const url = parsePath(request.url);
    const scope = parseScope(url?.searchParams.get('scope') ?? 'cluster');
    const refuse = (reason: Refusal, status: number, text: string): void => {
      this.stats.refused[reason]++;
      refuseUpgrade(socket, status, text);
    };
    if (url?.pathname !== STREAM_PATH) return refuse('path', 404, `the stream is at ${STREAM_PATH}`);
    if (scope === undefined) return refuse('path', 400, 'scope is node or cluster');
    const pastMs = parseLength(url.searchParams.get('history') ?? '0');
    if (pastMs === undefined) return refuse('path', 400, 'history is how long ago to begin, as in 300s');
    if (this.#bound.isLoopback && !isLoopbackHost(request.headers)) {
      return refuse('host', 403, 'not called by a loopback name');
    }
    if (!isSameOrigin(request.headers)) return refuse('origin', 403, 'a page of another origin may not read');
    if (!this.#isAuthorized(request)) return refuse('token', 401, 'a valid bearer token is needed');
    const offered = offeredProtocols(request.headers);
    if (offered.length > 0 && !offered.includes(PROTOCOL))
      return refuse('protocol', 426, `this agent speaks ${PROTOCOL}`);
    if (this.#readers.isFull()) {
      return refuse('full', 503, `${this.#limits.readers} readers are connected`);
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#readers.add(webSocket, scope, pastMs));
  }

  remotes(): { address: string; port: number }[] {
    return this.#readers.remotes();
  }

  isDrained(): boolean {
    return this.#readers.isDrained();
  }

  hasBacklog(): boolean {
    return this.#readers.hasBacklog();
  }

  async stop(reason = 'the agent stops', code = 1001): Promise<void> {
    clearInterval(this.#heartbeat);
    const isClosed = new Promise((resolve) => this.#http.close(resolve));
    this.#readers.close(code, reason);
    this.#http.closeIdleConnections();
    const cut = setTimeout(() => this.#http.closeAllConnections(), CLOSE_MS);
    await isClosed;
    clearTimeout(cut);
  }
}

function parsePath(url: string | undefined): URL | undefined {
  try {
    return new URL(url ?? '/', 'http://agent');
  } catch {
    return undefined;
  }
}

const parseScope = (text: string): Scope | undefined => (text === 'node' || text === 'cluster' ? text : undefined);
