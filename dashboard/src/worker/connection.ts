/** The worker's socket: asks the server what it is, opens its stream, opens it again. */
import { checkFrame, retryDelayMs } from '../../../agent/client/reading.ts';
import {
  END_OF_RECORDING,
  INFO_PATH,
  PROTOCOL,
  STREAM_PATH,
  TOKEN_PROTOCOL_PREFIX,
  type Control,
  type Info,
} from '../../../agent/client/protocol.ts';
import { WireError } from '../../../agent/wire/frame.ts';
import type { Connection, Served } from './messages.ts';
import { wallMs } from './wall.ts';

export interface ConnectionOptions {
  /** Where the page is: http://host:port/, or a path below it behind a proxy. */
  base: string;
  token: string | undefined;
  /** How much of the past to ask for; a connection that comes again has its gap. */
  pastSeconds: () => number;
  onFrame: (bytes: Uint8Array) => void;
  onState: (connection: Connection) => void;
  onServed: (served: Served) => void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5000;
/** The server pings every 15 s, which a browser answers unseen, and a node speaks every second. */
const SILENT_MS = 20_000;

/** As base64url, which is all that a subprotocol may hold. */
function tokenProtocol(token: string): string {
  const bytes = new TextEncoder().encode(token);
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return TOKEN_PROTOCOL_PREFIX + base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export interface Connected {
  /** Says it if there is a connection. */
  send(control: Control): void;
  end(): void;
}

/** Connects until a new token is needed, the recording ends, or the server speaks another protocol. */
export function connect(options: ConnectionOptions): Connected {
  let attempt = 0;
  let downSinceMs = 0;
  let isOver = false;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function down(message: string): void {
    socket = undefined;
    if (isOver) return;
    downSinceMs ||= wallMs();
    const retryMs = retryDelayMs(attempt++, FIRST_RETRY_MS, LONGEST_RETRY_MS);
    options.onState({ state: 'down', message, retryAtMs: wallMs() + retryMs, sinceMs: downSinceMs });
    timer = setTimeout(() => void start(), retryMs);
  }

  function up(): void {
    attempt = 0;
    downSinceMs = 0;
    options.onState({ state: 'up' });
  }

  async function start(): Promise<void> {
    const info = await askInfo(options.base, options.token);
    if (isOver) return;
    if (info === undefined) return down('the agent does not answer');
    options.onServed(info);
    if (info.protocol !== PROTOCOL) {
      const message = `the agent speaks ${info.protocol}, this page ${PROTOCOL}`;
      return options.onState({ state: 'version', message });
    }
    if (!info.authorized) return options.onState({ state: 'unauthorized', hadToken: options.token !== undefined });
    socket = open(options, up, down);
  }

  void start();
  return {
    send(control) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(control));
    },
    end() {
      isOver = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

async function askInfo(base: string, token: string | undefined): Promise<Info | undefined> {
  try {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(base + INFO_PATH.slice(1), {
      headers,
      cache: 'no-store',
      signal: AbortSignal.timeout(10_000),
    });
    return response.ok ? ((await response.json()) as Info) : undefined;
  } catch {
    return undefined;
  }
}

function open(options: ConnectionOptions, up: () => void, down: (message: string) => void): WebSocket {
  const { base, token, onFrame, onState } = options;
  const protocols = token === undefined ? [PROTOCOL] : [PROTOCOL, tokenProtocol(token)];
  const stream = `${base.replace(/^http/, 'ws')}${STREAM_PATH.slice(1)}`;
  const socket = new WebSocket(`${stream}?scope=cluster&history=${options.pastSeconds()}s`, protocols);
  socket.binaryType = 'arraybuffer';
  let error = 'the connection to the agent broke';
  let isOpen = false;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const hear = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      error = `the agent was silent for ${SILENT_MS / 1000} s`;
      socket.close();
    }, SILENT_MS);
  };
  socket.onopen = () => {
    isOpen = true;
    hear();
    up();
  };
  socket.onmessage = ({ data }) => {
    hear();
    const bytes = new Uint8Array(data as ArrayBuffer);
    try {
      checkFrame(bytes, data instanceof ArrayBuffer);
    } catch (problem) {
      if (!(problem instanceof WireError)) throw problem;
      error = problem.message;
      return socket.close();
    }
    onFrame(bytes);
  };
  socket.onclose = ({ code, reason }) => {
    clearTimeout(silence);
    if (code === 1000 && reason === END_OF_RECORDING) return onState({ state: 'ended' });
    down(reason || (isOpen ? error : 'the agent did not open its stream: it may have as many readers as it takes'));
  };
  return socket;
}
