import { parseArgs } from 'node:util';

export const kinds = ['ping', 'http', 'bulk', 'udp'] as const;
export type Kind = (typeof kinds)[number];

/** Options of every generator; each uses what it can. */
export interface TrafficOptions {
  /** Address of the other end (client), IPv4 or IPv6. */
  to: string;
  port: number;
  /** How long the client sends; Infinity: until it is told to stop. */
  forMs: number;
  /** Pings, requests or datagrams per second. */
  rate: number;
  /** TCP connections at the same time. */
  connections: number;
  /** Of a reply's body (http) or of a datagram (udp). */
  bytes: number;
  /** bulk: Mbit/s of payload over all connections; Infinity: as fast as it goes. */
  rateMbit: number;
  /** udp: print a line for each datagram. */
  each: boolean;
}

const defaults: Record<Kind, Pick<TrafficOptions, 'port' | 'rate' | 'bytes' | 'connections'>> = {
  ping: { port: 0, rate: 10, bytes: 56, connections: 1 },
  http: { port: 8080, rate: 200, bytes: 4000, connections: 8 },
  bulk: { port: 5201, rate: 0, bytes: 65_536, connections: 1 },
  udp: { port: 5353, rate: 100, bytes: 200, connections: 1 },
};

export interface Command {
  role: 'server' | 'client';
  kind: Kind;
  options: TrafficOptions;
}

export const usage = `usage: traffic server http|bulk|udp [--port N] [--bytes N]
       traffic client ping|http|bulk|udp --to ADDRESS [--port N] [--for 10s] [--rate N] [--connections N]
                                         [--bytes N] [--rate-mbit N] [--each]`;

/** @throws Error whose message says what is wrong with the arguments */
export function parseCommand(argv: string[]): Command {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      to: { type: 'string', default: '' },
      port: { type: 'string' },
      for: { type: 'string' },
      rate: { type: 'string' },
      connections: { type: 'string' },
      bytes: { type: 'string' },
      'rate-mbit': { type: 'string', default: 'Infinity' },
      each: { type: 'boolean', default: false },
    },
  });
  const [role, kind] = positionals as [string?, Kind?];
  if (role !== 'server' && role !== 'client') throw new Error('say server or client');
  if (!kind || !kinds.includes(kind)) throw new Error(`the kinds of traffic are ${kinds.join(', ')}`);
  if (role === 'client' && values.to === '') throw new Error('--to says where to');
  const usual = defaults[kind];
  return {
    role,
    kind,
    options: {
      to: values.to,
      port: bounded('port', values.port, usual.port, 0, 65_535),
      forMs: values.for === undefined ? Infinity : parseDuration(values.for),
      rate: bounded('rate', values.rate, usual.rate, 0, 100_000),
      connections: bounded('connections', values.connections, usual.connections, 1, 256),
      bytes: bounded('bytes', values.bytes, usual.bytes, kind === 'udp' ? 32 : 0, kind === 'udp' ? 60_000 : 10_000_000),
      rateMbit: bounded('rate-mbit', values['rate-mbit'], Infinity, 0.001, Infinity),
      each: values.each,
    },
  };
}

function bounded(name: string, text: string | undefined, usual: number, low: number, high: number): number {
  const value = text === undefined ? usual : Number(text);
  if (!(value >= low && value <= high)) throw new Error(`--${name} is a number from ${low} to ${high}, not "${text}"`);
  return value;
}

/** "10s", "500ms" or "2m" in milliseconds. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`"${text}" is not a duration like 10s, 500ms or 2m`);
  return Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
}
