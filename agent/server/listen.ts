/** Opening the port: refuses what nobody should listen on without a token. */
import type { Server } from 'node:http';
import { isLoopback } from './auth.ts';
import { ServerError, listenError } from './errors.ts';

/** A socket that is open already (handed down by who started us) comes as its file descriptor. */
export type Listen = { host: string; port: number } | { fd: number };

/**
 * @param text `HOST:PORT`, `[IPV6]:PORT`, or `fd:N` for a socket that whoever started us opened
 * @throws ServerError 'listen'
 */
export function parseListen(text: string): Listen {
  const descriptor = /^fd:(\d{1,4})$/.exec(text)?.[1];
  if (descriptor !== undefined) return { fd: Number(descriptor) };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65535)
    throw new ServerError('listen', `${text} is not HOST:PORT, as in 127.0.0.1:9430 or [::1]:9430`);
  return { host: match[1] ?? match[2], port };
}

export interface Bound {
  host: string;
  port: number;
  isLoopback: boolean;
}

/**
 * Listens, and stops again when that turned out to be beyond loopback without a token.
 * @throws ServerError
 */
export async function listen(server: Server, at: Listen, hasToken: boolean): Promise<Bound> {
  if ('host' in at && !hasToken && !isLoopback(at.host)) throw tokenRequired(`${at.host}:${at.port}`);
  await new Promise<void>((resolve, reject) => {
    const where = 'fd' in at ? `file descriptor ${at.fd}` : `${at.host}:${at.port}`;
    const fail = (error: Error): void => reject(listenError(error, where));
    server.once('error', fail);
    server.listen('fd' in at ? { fd: at.fd } : { host: at.host, port: at.port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
  const bound = boundAddress(server);
  if (!hasToken && !bound.isLoopback) {
    server.close();
    throw tokenRequired(`${bound.host}:${bound.port}`);
  }
  return bound;
}

const tokenRequired = (where: string): ServerError =>
  new ServerError(
    'token-required',
    `refusing to listen on ${where} without a token: give --token-file, or listen on 127.0.0.1`,
  );

function boundAddress(server: Server): Bound {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new ServerError('listen', 'only TCP sockets can be served');
  return { host: address.address, port: address.port, isLoopback: isLoopback(address.address) };
}
