/** What both ends of a stream agree on before the first frame. */
import type { HistoryStats } from '../history/recorder.ts';
import { VERSION } from '../wire/frame.ts';
import { StreamError } from './errors.ts';

/**
 * `?scope=node|cluster`; `&history=300s` begins so long ago: a history message, what agents hold since then by age, and a
 * history message that says `isLive`. Then frames as they come, without a hole or a double.
 */
export const STREAM_PATH = '/v1/stream';
export const INFO_PATH = '/v1/info';
/** Frames that agents hold, as a file: `?from=&to=` as ages (-5m) or Unix seconds, `scope=`, `bytes=` of each node at most. */
export const SNAPSHOT_PATH = '/v1/snapshot';
export const DEFAULT_ADDRESS = '127.0.0.1:9430';

/** WebSocket subprotocol: another version of frames is another protocol. */
export const PROTOCOL = `hoplens.v${VERSION}`;

/** A browser cannot send an Authorization header with a WebSocket: the token goes as Kubernetes does it. */
export const TOKEN_PROTOCOL_PREFIX = 'base64url.bearer.authorization.k8s.io.';

/** `node`: the agent's own stream. `cluster`: its peers' streams too. */
export type Scope = 'node' | 'cluster';

/** Reason of a close with code 1000: nothing more will come, do not connect again. */
export const END_OF_RECORDING = 'end of recording';

/** The answer of INFO_PATH, which needs no token. */
export interface Info {
  hoplens: string;
  protocol: string;
  /** What is served is a recorded session. */
  recording: boolean;
  /** What this agent's own flight recorder holds; absent where it has none. */
  history?: HistoryStats;
  /** Whether the stream would be given for the token that came with this question. */
  authorized: boolean;
}

/** A control message as a reader sends it: JSON text. */
export interface SampleControl {
  type: 'sample';
  exponent: 'auto' | number;
}
/**
 * What this expression of tcpdump's matches is to be followed by exponents of its own, on this agent and, for readers of the cluster,
 * on its peers, until the reader goes. One filter at a time: while there is another one's, this changes nothing. Empty: none.
 */
export interface FilterControl {
  type: 'filter';
  expression: string;
  /** From a gateway: for whom it asks. */
  by?: string | undefined;
}
export type Control = SampleControl | FilterControl;

/** The longest expression, in characters. */
const MAX_EXPRESSION = 2048;

/** What agents take; anything else costs the connection. */
export const isExpression = (text: string): boolean => text.length <= MAX_EXPRESSION && /^[ -~]*$/.test(text);

/**
 * The address of a stream from what a user writes: `host:port`, `ws://host:port` or `http://host:port`, with or without path.
 * @param pastMs how long ago it is to begin; 0 is now
 * @throws StreamError 'address'
 */
export function streamUrl(address: string, scope: Scope, pastMs = 0): string {
  const url = checkedAddress(address);
  url.pathname = url.pathname === '/' ? STREAM_PATH : url.pathname;
  url.searchParams.set('scope', scope);
  if (pastMs > 0) url.searchParams.set('history', `${Math.ceil(pastMs)}ms`);
  return url.href;
}

/**
 * The address of a snapshot, from the same.
 * @throws StreamError 'address'
 */
export function snapshotUrl(address: string, scope: Scope, query: Record<string, string>): string {
  const url = checkedAddress(address);
  const base = url.pathname.replace(STREAM_PATH, '').replace(/\/$/, '');
  const to = new URL(`${url.protocol.replace('ws', 'http')}//${url.host}${base}${SNAPSHOT_PATH}`);
  for (const [name, value] of Object.entries({ scope, ...query })) to.searchParams.set(name, value);
  return to.href;
}

/** A ws: or wss: address without anything that must not be in it. */
function checkedAddress(address: string): URL {
  const url = parseAddress(address);
  const protocols: Record<string, string> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };
  const protocol = protocols[url.protocol];
  if (protocol === undefined) throw new StreamError('address', `${address} is not a ws:// or wss:// address`);
  if (url.username || url.password || url.search) {
    throw new StreamError(
      'address',
      `${url.host}: an address takes no user, password or query; a token comes from --token-file`,
    );
  }
  return new URL(`${protocol}//${url.host}${url.pathname}`);
}

function parseAddress(address: string): URL {
  try {
    return new URL(address.includes('://') ? address : `ws://${address}`);
  } catch {
    throw new StreamError('address', `${address} is not an address: write HOST:PORT or ws://HOST:PORT`);
  }
}
