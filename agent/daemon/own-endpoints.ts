/** Addresses of the peers' sockets, for our own stream is not to be followed. */
import { lookup } from 'node:dns/promises';
import { streamUrl } from '../client/protocol.ts';
import type { Endpoint } from '../kernel/library.ts';

export interface OwnEndpoints {
  /** Resolves when those of --peer were told for the first time. */
  start(): Promise<void>;
  /** Peers that were found, instead of those found before. */
  found(peers: Endpoint[]): void;
  stop(): void;
}

/** Names of peers may come to mean other addresses. */
const RESOLVE_MS = 30_000;

/** @param peers of --peer @param tell takes all, whenever they are known anew */
export function createOwnEndpoints(peers: string[], tell: (endpoints: Endpoint[]) => void): OwnEndpoints {
  let resolved: Endpoint[] = [];
  let found: Endpoint[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tellAll = (): void => tell([...resolved, ...found]);
  const resolve = async (): Promise<void> => {
    resolved = await resolvePeers(peers);
    tellAll();
  };
  return {
    async start() {
      await resolve();
      if (peers.length > 0) timer = setInterval(() => void resolve(), RESOLVE_MS);
    },
    found(others) {
      found = others;
      tellAll();
    },
    stop: () => clearInterval(timer),
  };
}

async function resolvePeers(peers: string[]): Promise<Endpoint[]> {
  const endpoints = peers.map(async (peer) => {
    const { hostname: host, port, protocol } = new URL(streamUrl(peer, 'node'));
    const found = await lookup(host.replace(/^\[|\]$/g, ''), { all: true }).catch(() => []);
    return found.map(({ address }) => ({ address, port: Number(port) || (protocol === 'wss:' ? 443 : 80) }));
  });
  return (await Promise.all(endpoints)).flat();
}
