import { Agent, createServer, get } from 'node:http';
import { isIPv6, type Server as NetServer } from 'node:net';
import type { TrafficOptions } from './options.ts';
import { pace } from './pace.ts';
import { spread, type Spread } from './spread.ts';

export interface HttpSummary {
  kind: 'http';
  requests: number;
  replies: number;
  errors: number;
  /** Requests that were due while all connections were busy, and therefore not sent. */
  skipped: number;
  bytes: number;
  latency: Spread;
}

/** Answers every request with so many bytes. */
export function httpServer({ bytes }: TrafficOptions): NetServer {
  const body = Buffer.alloc(bytes, 'hoplens ');
  return createServer((_, response) => response.end(body));
}

/** Requests over kept connections at a fixed rate; a slow network makes it send fewer, never pile up. */
export async function httpClient(options: TrafficOptions, signal: AbortSignal): Promise<HttpSummary> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const host = isIPv6(options.to) ? `[${options.to}]` : options.to;
  const url = `http://${host}:${options.port}/`;
  const summary = { requests: 0, replies: 0, errors: 0, skipped: 0, bytes: 0 };
  const latenciesMs: number[] = [];
  const running = new Set<Promise<void>>();
  const request = async () => {
    summary.requests++;
    const began = performance.now();
    try {
      const bytes = await fetchBytes(url, agent);
      summary.bytes += bytes;
      summary.replies++;
      latenciesMs.push(performance.now() - began);
    } catch {
      summary.errors++;
    }
  };
  await pace(options.rate, signal, () => {
    if (running.size >= options.connections) {
      summary.skipped++;
      return;
    }
    const one: Promise<void> = request().finally(() => running.delete(one));
    running.add(one);
  });
  await Promise.all(running);
  agent.destroy();
  return { kind: 'http', ...summary, latency: spread(latenciesMs) };
}

function fetchBytes(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: 5000 }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no reply in 5 s')));
    request.on('error', reject);
  });
}
