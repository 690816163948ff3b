/**
 * The probe between nodes: small datagrams both ways, so that clocks stay known where there is no traffic. The kernel's programs
 * time them at the uplinks like all packets; nothing here looks at a clock. Off, nothing of it exists.
 */
import { isLoopback } from '../server/auth.ts';
import { ServerError } from '../server/errors.ts';
import { startAnswerer, type Answerer } from './answerer.ts';
import { createAsker, type Asked, type AskedCounts } from './asker.ts';

export interface Probe {
  /** Answers where the agent serves; on loopback no other node could ask. */
  listen(at: { host: string; port: number }): Promise<void>;
  /** Whether to ask: as long as somebody looks at more than this node. */
  ask: (isWanted: boolean) => void;
  /** Where it answers. */
  port(): number | undefined;
  counts(): ReadonlyMap<string, AskedCounts>;
  answered(): number | undefined;
  stop(): void;
}

export interface ProbeOptions {
  token: string | undefined;
  /** Undefined: there is no probe. */
  everyMs: number | undefined;
  peers: () => Asked[];
}

/** @throws ServerError 'token-required' */
export function createProbe({ token, everyMs, peers }: ProbeOptions): Probe {
  if (everyMs === undefined) return noProbe;
  if (token === undefined) throw new ServerError('token-required', 'the probe answers agents with the same token only: give --token-file'); // prettier-ignore
  const asker = createAsker({ token, everyMs, peers });
  let answerer: Answerer | undefined;
  return {
    async listen({ host, port }) {
      if (!isLoopback(host)) answerer = await startAnswerer(token, host, port);
    },
    ask: (isWanted) => (isWanted ? asker.start() : asker.stop()),
    port: () => answerer?.port,
    counts: asker.counts,
    answered: () => answerer?.answered(),
    stop() {
      asker.stop();
      answerer?.stop();
    },
  };
}

const noProbe: Probe = {
  listen: () => Promise.resolve(),
  ask: () => {},
  port: () => undefined,
  counts: () => new Map(),
  answered: () => undefined,
  stop: () => {},
};
