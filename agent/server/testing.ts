/** What the tests of server, client and recording share: small frames, real sockets, waiting for conditions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, type ClientOptions } from 'ws';
import { FrameType, decodeFrame, encodeFrame } from '../wire/frame.ts';
import {
  decodeMessage,
  encodeMessage,
  type Device,
  type Hello,
  type HopTotals,
  type Message,
  type Status,
} from '../wire/messages.ts';
import { createMetrics } from './metrics/metrics.ts';
import { startServer, type RunningServer, type ServerOptions } from './server.ts';
import { createHub, framePlace, type FrameSource, type Hub } from './source.ts';

export const device = (ifindex: number, name: string, kind: Device['kind']): Device => ({
  ifindex, name, kind, linkType: '', mtu: 1500, mac: '', up: true, addresses: [], master: 0,
  attached: true, foreignPrograms: { ingress: 0, egress: 0 },
}); // prettier-ignore

export function helloFrame(
  stream: number,
  node: string,
  devices: Device[] = [],
  sequence = 0,
  more: Partial<Hello> = {},
): Uint8Array {
  const hello: Hello = {
    type: 'hello', node, hoplens: '0.0.0', kernel: { release: '6', hooks: 'tcx', bootId: '' },
    epochNs: '0', rawEpochNs: '0', startedAt: '', fields: { legs: [], records: [], flows: [] },
    limits: { budget: 0, ringBytes: 0, maxDevices: 0, maxFrameBytes: 0 }, devices, ...more,
  }; // prettier-ignore
  return encodeMessage({ stream, sequence, timeMs: 0 }, hello);
}

export function statusFrame(stream: number, sequence: number, timeMs = 0, totals: HopTotals[] = []): Uint8Array {
  const status: Status = {
    type: 'status', timeNs: 0, clockPairs: [], exponents: [{ fromNs: 0, marks: 3, packets: 2, control: 0 }], blind: [],
    totals, cost: { cpuMs: 5, rssBytes: 1000, recordsPerSecond: 0 },
  }; // prettier-ignore
  return encodeMessage({ stream, sequence, timeMs }, status);
}

export const legsFrame = (stream: number, sequence: number, bytes = 64, timeMs = 0): Uint8Array =>
  encodeFrame({ type: FrameType.legs, stream, sequence, timeMs }, new Uint8Array(bytes).fill(sequence));

/** A hub with a stream in it, as an agent has. */
export function hubOf(stream: number, node: string): Hub {
  const hub = createHub();
  hub.push(helloFrame(stream, node));
  return hub;
}

/** Resolves once the condition holds. */
export async function until(condition: () => boolean, what = condition.toString()): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await sleep(5);
  }
}

/** A server on a free port of loopback; `node` is its own stream. */
export async function serve(node: FrameSource, options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server: RunningServer = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    sources: () => [node],
    metrics: () => createMetrics({ version: 'test', server: () => server.stats, node }).body(),
    ready: () => ({ ready: true, reasons: [] }),
    ...options,
  });
  return server;
}

export interface TestReader {
  socket: WebSocket;
  frames: Uint8Array[];
  /** Frames by what they are: `hello 1/0` is stream 1, sequence 0. */
  seen(): string[];
  messages(): Message[];
  closed: Promise<{ code: number; reason: string }>;
}

const typeNames = new Map(Object.entries(FrameType).map(([name, type]) => [type, name]));

export function describeFrame(frame: Uint8Array): string {
  const { type, stream, sequence } = framePlace(frame);
  return `${typeNames.get(type)} ${stream}/${sequence}`;
}

/** A plain WebSocket reader, apart from the client that is tested beside it. */
export async function readFrom(
  url: string,
  protocols: string[] = [],
  options: ClientOptions = {},
): Promise<TestReader> {
  const socket = new WebSocket(url, protocols, options);
  const frames: Uint8Array[] = [];
  socket.on('message', (data) => frames.push(data as Buffer));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const messages = (): Message[] =>
    frames
      .filter((frame) => framePlace(frame).type !== FrameType.legs)
      .map((frame) => decodeMessage(decodeFrame(frame)));
  return { socket, frames, seen: () => frames.map(describeFrame), messages, closed };
}

/** The status with which an upgrade is refused. */
export async function refusedWith(url: string, protocols: string[] = [], options: ClientOptions = {}): Promise<number> {
  const socket = new WebSocket(url, protocols, options);
  return await new Promise((resolve, reject) => {
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.on('open', () => {
      socket.terminate();
      reject(new Error('the upgrade was accepted'));
    });
    socket.on('error', () => {});
  });
}
