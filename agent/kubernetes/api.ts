/**
 * Questions to the API server: one GET each, over a connection of its own. They are few (a watch stays open for minutes), and so
 * a token or certificate that was replaced is in force with the next.
 */
import type { IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { shown } from '../names/shown.ts';
import type { Account } from './account.ts';
import { KubernetesError } from './errors.ts';
import { splitLines } from './lines.ts';

export interface Api {
  /** The whole answer as text. */
  text(path: string, signal: AbortSignal): Promise<string>;
  /** Its lines as they come; `onOpen` once the API server has begun. Ends with the connection, however that ended. */
  lines(path: string, signal: AbortSignal, onOpen: () => void): AsyncGenerator<string>;
}

export interface ApiLimits {
  /** Of a whole answer, and of one line. */
  answerBytes: number;
  lineBytes: number;
  /** Until an answer begins; until it is whole. */
  beginMs: number;
  wholeMs: number;
}

const defaultLimits: ApiLimits = { answerBytes: 32 << 20, lineBytes: 4 << 20, beginMs: 10_000, wholeMs: 60_000 };

/** A dead connection of a watch is found by TCP alone: nothing need come over a live one for minutes. */
const KEEP_ALIVE_MS = 30_000;
const MAX_RETRY_AFTER_MS = 60_000;

export function createApi(account: Account, some: Partial<ApiLimits> = {}): Api {
  const limits = { ...defaultLimits, ...some };
  const where = `the API server ${account.host.includes(':') ? `[${account.host}]` : account.host}:${account.port}`;

  /** @throws KubernetesError unless it answers with 200 */
  async function ask(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { token, authority } = await account.credentials();
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'hoplens' };
      const { host, port } = account;
      const request = getHttps({ host, port, path, headers, ca: authority, agent: false, signal });
      const late = new KubernetesError('away', `${where} did not answer within ${limits.beginMs / 1000} s`);
      const timer = setTimeout(() => request.destroy(late), limits.beginMs);
      request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
      request.on('close', () => clearTimeout(timer));
      request.on('response', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      request.on('error', reject);
    });
    const response = await answered.catch((error: Error) => {
      throw awayError(where, error);
    });
    if (response.statusCode !== 200) throw await refusal(where, path, response);
    return response;
  }

  return {
    async text(path, signal) {
      const late = AbortSignal.timeout(limits.wholeMs);
      try {
        return await readText(await ask(path, AbortSignal.any([signal, late])), limits.answerBytes, where);
      } catch (error) {
        if (!late.aborted) throw error;
        throw new KubernetesError('away', `${where} did not end its answer within ${limits.wholeMs / 1000} s`);
      }
    },
    async *lines(path, signal, onOpen) {
      const response = await ask(path, signal);
      onOpen();
      try {
        yield* splitLines(untilBroken(response), limits.lineBytes);
      } finally {
        response.destroy();
      }
    },
  };
}

/** Its chunks; that it broke is an end like any other, for a watch goes on where it was. */
async function* untilBroken(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const next = (): Promise<Uint8Array | undefined> =>
    chunks.next().then(
      ({ done, value }) => (done === true ? undefined : value),
      () => undefined,
    );
  for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
}

async function readText(response: IncomingMessage, mostBytes: number, where: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new KubernetesError('too-large', `${where} answered with more than ${mostBytes} bytes`); // prettier-ignore
      chunks.push(chunk);
    }
  } catch (error) {
    throw awayError(where, error as Error);
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

const awayError = (where: string, error: Error): KubernetesError =>
  error instanceof KubernetesError ? error : new KubernetesError('away', `${where} cannot be reached (${error.message})`); // prettier-ignore

/** How much of a refusal is read to find its reason. */
const REFUSAL_BYTES = 64 << 10;

async function refusal(where: string, path: string, response: IncomingMessage): Promise<KubernetesError> {
  const status = response.statusCode ?? 0;
  const said = reasonIn(await readText(response, REFUSAL_BYTES, where).catch(() => ''));
  const seconds = Number(response.headers['retry-after']) || 0;
  return statusError(where, status, said, path, Math.min(seconds * 1000, MAX_RETRY_AFTER_MS));
}

/** A refusal, as a status of HTTP or as an event of a watch. */
export function statusError(where: string, status: number, said: string, path: string, retryMs = 0): KubernetesError {
  const why = said === '' ? `status ${status}` : shown(said).slice(0, 300);
  if (status === 401) return new KubernetesError('unauthorized', `${where} does not accept the ServiceAccount's token`);
  if (status === 403) return new KubernetesError('forbidden', missingRule(path, why));
  if (status === 410) return new KubernetesError('gone', `${where} has forgotten what came since`);
  if (status === 429 || status >= 500)
    return new KubernetesError('away', `${where} cannot answer now (${why})`, retryMs);
  return new KubernetesError('refused', `${where} refuses: ${why}`);
}

/** What the ClusterRole lacks, as it would be written there. */
function missingRule(path: string, why: string): string {
  const resource = /\/(pods|services)\b/.exec(path)?.[1] ?? 'pods';
  const rule = `{ apiGroups: [''], resources: [${resource}], verbs: [list, watch] }`;
  return `the ServiceAccount may not list and watch ${resource}: its ClusterRole wants the rule ${rule} (${why})`;
}

/** The message of the Status object that an answer may be. */
function reasonIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : '';
  } catch {
    return '';
  }
}
