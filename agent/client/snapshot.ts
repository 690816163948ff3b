/** Reading a snapshot over HTTP. */
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { Span } from '../history/recorder.ts';
import { formatSpan } from '../history/span.ts';
import { splitFrames } from '../wire/split.ts';
import { WireError } from '../wire/frame.ts';
import { StreamError, connectError, responseError } from './errors.ts';
import { snapshotUrl, type Scope } from './protocol.ts';

export interface SnapshotOptions {
  /** As connectStream takes it. */
  address: string;
  scope: Scope;
  token?: string | undefined;
  span: Span;
  /** Silence that is borne before the first byte, and between two: time in which we ourselves do not read is none. */
  firstMs: number;
  nextMs: number;
}

/**
 * The frames of a snapshot as they come. Ending it early closes the connection.
 * @throws StreamError
 */
export async function* readSnapshot(options: SnapshotOptions): AsyncGenerator<Uint8Array> {
  const url = snapshotUrl(options.address, options.scope, formatSpan(options.span));
  const response = await ask(url, options);
  try {
    yield* splitFrames(chunksOf(response, url, options.nextMs));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new StreamError(error.code === 'version' ? 'version' : 'garbage', `${url}: ${error.message}`);
  } finally {
    response.destroy();
  }
}

function ask(url: string, { token, firstMs }: SnapshotOptions): Promise<IncomingMessage> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp;
    const request = get(url, { headers, agent: false }, (response) => {
      clearTimeout(timer);
      if (response.statusCode === 200) resolve(response);
      else void responseError(url, response).then(reject);
    });
    const timer = setTimeout(() => {
      request.destroy();
      reject(new StreamError('unreachable', `${url} did not answer within ${firstMs / 1000} s`));
    }, firstMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(connectError(url, error));
    });
  });
}

async function* chunksOf(response: IncomingMessage, url: string, silenceMs: number): AsyncGenerator<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const next = async (): Promise<Uint8Array | undefined> => {
    const silent = setTimeout(() => response.destroy(new Error(`silent for ${silenceMs / 1000} s`)), silenceMs);
    try {
      const chunk = await chunks.next();
      return chunk.done === true ? undefined : chunk.value;
    } catch (error) {
      throw new StreamError('lost', `the snapshot of ${url} broke off: ${(error as Error).message}`);
    } finally {
      clearTimeout(silent);
    }
  };
  for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
}
