/** Who may read: tokens, origins and host names. Pure but for the token file. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { fstatSync, closeSync, openSync, readSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import { TOKEN_PROTOCOL_PREFIX } from '../client/protocol.ts';
import { ServerError } from './errors.ts';

const SHORTEST_TOKEN = 16;
const LONGEST_TOKEN = 4096;

export interface TokenFile {
  token: string;
  /** Others on this machine may read it. */
  warning?: string;
}

/**
 * The token in a file, without the white space around it.
 * @throws ServerError 'token-file'
 */
export function readTokenFile(path: string): TokenFile {
  const { text, mode } = readSmallFile(path);
  const token = text.trim();
  if (token.length < SHORTEST_TOKEN || token.length > LONGEST_TOKEN) {
    const message = `the token in ${path} has ${token.length} characters, it needs ${SHORTEST_TOKEN} to ${LONGEST_TOKEN}`;
    throw new ServerError('token-file', message);
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ServerError('token-file', `the token in ${path} holds characters other than printable ASCII`);
  }
  return mode & 0o004
    ? { token, warning: `${path} can be read by everybody on this machine; chmod 600 it` }
    : { token };
}

/**
 * The token of a file, if there is one to read; what is doubtful about it is said.
 * @throws ServerError 'token-file'
 */
export function tokenFrom(path: string | undefined, say: (line: string) => void): string | undefined {
  if (path === undefined) return undefined;
  const { token, warning } = readTokenFile(path);
  if (warning) say(warning);
  return token;
}

function readSmallFile(path: string): { text: string; mode: number } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const buffer = Buffer.alloc(LONGEST_TOKEN + 64);
    const bytes = readSync(descriptor, buffer, 0, buffer.length, 0);
    return { text: buffer.toString('utf8', 0, bytes), mode: fstatSync(descriptor).mode };
  } catch (error) {
    throw new ServerError('token-file', `cannot read the token from ${path}: ${(error as Error).message}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes the same time wherever they differ. */
export const sameToken = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right));

/** The token of a request, from its Authorization header or its WebSocket subprotocols. */
export function presentedToken(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const offered = offeredProtocols(headers).find((protocol) => protocol.startsWith(TOKEN_PROTOCOL_PREFIX));
  return offered && Buffer.from(offered.slice(TOKEN_PROTOCOL_PREFIX.length), 'base64url').toString();
}

export const offeredProtocols = (headers: IncomingHttpHeaders): string[] =>
  (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');

/**
 * Whether a request may pass. On loopback none needs a token, but one that is there must be right.
 * @param token undefined when the server has none
 */
export function isAuthorized(headers: IncomingHttpHeaders, token: string | undefined, isRequired: boolean): boolean {
  const presented = presentedToken(headers);
  if (presented === undefined || token === undefined) return !isRequired;
  return sameToken(presented, token);
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** An address or `localhost`; any other name is not known to be loopback. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost') return true;
  const mapped = /^::ffff:([0-9.]+)$/.exec(name)?.[1];
  return loopback.check(mapped ?? name, isIPv6(mapped ?? name) ? 'ipv6' : 'ipv4');
}

/** A page of another origin may not read: browsers send Origin, other clients need none. */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  if (headers.origin === undefined) return true;
  const origin = parseUrl(headers.origin);
  return origin !== undefined && headers.host !== undefined && origin.host === parseUrl(`http://${headers.host}`)?.host;
}

/** On loopback, a page whose name was made to resolve to 127.0.0.1 (DNS rebinding) gives itself away by its Host. */
export function isLoopbackHost(headers: IncomingHttpHeaders): boolean {
  const url = headers.host === undefined ? undefined : parseUrl(`http://${headers.host}`);
  return url !== undefined && isLoopback(url.hostname);
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
