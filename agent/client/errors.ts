/** Why a stream is not there, in one sentence and a stable code. */
import type { IncomingMessage } from 'node:http';

export type StreamErrorCode =
  | 'address' /* what the user wrote is none */
  | 'unreachable' /* no such host, no route, timeout */
  | 'refused' /* nobody listens there */
  | 'unauthorized'
  | 'forbidden' /* origin or host not accepted */
  | 'busy' /* as many readers as the server takes */
  | 'not-hoplens'
  | 'version'
  | 'garbage'
  | 'policy' /* the server closed because of what we sent */
  | 'duplicate' /* node name already taken by another peer */
  | 'lost';

const finalCodes = new Set<StreamErrorCode>([
  'address',
  'unauthorized',
  'forbidden',
  'not-hoplens',
  'version',
  'garbage',
  'policy',
]);

export class StreamError extends Error {
  readonly code: StreamErrorCode;
  constructor(code: StreamErrorCode, message: string) {
    super(message);
    this.name = 'StreamError';
    this.code = code;
  }

  /** Trying again would not help. */
  get isFinal(): boolean {
    return finalCodes.has(this.code);
  }
}

/** An error of the socket or of the WebSocket handshake. */
export function connectError(url: string, error: Error): StreamError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ECONNREFUSED') return new StreamError('refused', `nobody listens at ${url}; is the agent running?`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new StreamError('unreachable', `no address is known for ${url}`);
  if (code === 'ECONNRESET' || code === 'EPIPE') return new StreamError('lost', `the connection to ${url} broke`);
  if (code === 'HPE_INVALID_CONSTANT' || code.startsWith('HPE_') || isHandshake(error)) {
    return new StreamError('not-hoplens', `${url} answers, but not as a hoplens agent (${error.message})`);
  }
  if (code.startsWith('WS_ERR_'))
    return new StreamError('garbage', `${url} broke the WebSocket protocol (${error.message})`);
  return new StreamError('unreachable', `${url} cannot be reached (${error.message || code})`);
}

const isHandshake = (error: Error): boolean =>
  /Sec-WebSocket|Server sent|subprotocol|Upgrade header|Unexpected server response/i.test(error.message);

/** An HTTP answer in place of the stream; reads at most a line of what it says. */
export async function responseError(url: string, response: IncomingMessage): Promise<StreamError> {
  const said = (await firstLine(response)) || `status ${response.statusCode ?? 'unknown'}`;
  switch (response.statusCode ?? 0) {
    case 400:
    case 409:
      return new StreamError('policy', `${url} refuses: ${said}`);
    case 401:
      return new StreamError('unauthorized', `${url} refused the token: ${said}`);
    case 403:
      return new StreamError('forbidden', `${url} refused the connection: ${said}`);
    case 426:
      return new StreamError('version', `${url} speaks another version: ${said}`);
    case 503:
      return new StreamError('busy', `${url} is busy: ${said}`);
    default:
      return new StreamError('not-hoplens', `${url} answers, but not as a hoplens agent (${said})`);
  }
}

const LINE_BYTES = 256;

async function firstLine(response: IncomingMessage): Promise<string> {
  response.setTimeout(2000, () => response.destroy());
  let text = '';
  try {
    for await (const chunk of response) {
      text += (chunk as Buffer).toString('latin1');
      if (text.length >= LINE_BYTES || text.includes('\n')) break;
    }
  } catch {
    // What came until then is enough.
  }
  return text
    .slice(0, LINE_BYTES)
    .split('\n')[0]
    .replace(/[^\x20-\x7e]/g, '');
}

/** A close that we did not ask for. */
export function closeError(url: string, code: number, reason: string): StreamError {
  if (code === 1008) return new StreamError('policy', `${url} closed the stream: ${reason}`);
  return new StreamError('lost', `${url} closed the stream${reason ? `: ${reason}` : ` (code ${code})`}`);
}
