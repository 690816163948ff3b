import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { helloFrame, hubOf, legsFrame, serve, describeFrame, until } from '../server/testing.ts';
import { END_OF_RECORDING, streamUrl } from './protocol.ts';
import { retryDelayMs } from './reading.ts';
import { connectStream, type StreamOptions, type StreamState } from './stream.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function connect(address: string, options: Partial<StreamOptions> = {}) {
  const frames: Uint8Array[] = [];
  const states: StreamState[] = [];
  const stream = connectStream({
    address, scope: 'cluster', retry: 'once-up', limits: { firstRetryMs: 5, longestRetryMs: 10 },
    onFrame: (frame) => frames.push(frame), onState: (state) => states.push(state), ...options,
  }); // prettier-ignore
  cleanups.push(() => stream.close());
  const names = (): string[] => states.map(({ state }) => state);
  const error = (): unknown => (states.at(-1) as { error?: unknown }).error;
  return { stream, frames, states, names, error, seen: () => frames.map(describeFrame) };
}

async function listening<T extends { listen: (port: number, host: string, done: () => void) => unknown; address: () => unknown; close: () => unknown }>(server: T): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
} // prettier-ignore

async function freePort(): Promise<number> {
  const server = createServer();
  const address = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return Number(address.split(':')[1]);
}

describe('a stream that never came up ends', () => {
  it('when nobody listens', async () => {
    const { names, error } = connect(`127.0.0.1:${await freePort()}`);
    await until(() => names().includes('ended'));
    expect(names()).toEqual(['connecting', 'ended']);
    expect(error()).toMatchObject({ code: 'refused', message: expect.stringContaining('nobody listens') as string });
  });

  it('when a web server answers that is none of ours', async () => {
    const address = await listening(createHttpServer((_call, response) => response.writeHead(404).end('<html>\n')));
    const { names, error } = connect(address);
    await until(() => names().includes('ended'));
    expect(error()).toMatchObject({ code: 'not-hoplens' });
  });

  it('when something answers that is no web server', async () => {
    const address = await listening(createServer((socket) => socket.end('220 mail ready\r\n').on('error', () => {})));
    const { names, error } = connect(address);
    await until(() => names().includes('ended'));
    expect(error()).toMatchObject({ code: 'not-hoplens' });
  });

  it('when nothing answers', async () => {
    const address = await listening(createServer((socket) => socket.on('error', () => {})));
    const { names, error } = connect(address, { limits: { handshakeMs: 50 } });
    await until(() => names().includes('ended'));
    expect(error()).toMatchObject({ code: 'unreachable' });
  });

  it('when the server has no place', async () => {
    const server = await serve(hubOf(1, 'a'), { limits: { readers: 0 } });
    cleanups.push(() => server.stop());
    const { names, error } = connect(server.url);
    await until(() => names().includes('ended'));
    expect(error()).toMatchObject({ code: 'busy', message: expect.stringContaining('0 readers') as string });
  });

  it('when the token is wrong', async () => {
    const token = 'sixteen-characters';
    const server = await serve(hubOf(1, 'a'), { token });
    cleanups.push(() => server.stop());
    const { names, error } = connect(server.url, { token: 'another-sixteen-ch' });
    await until(() => names().includes('ended'));
    expect(error()).toMatchObject({ code: 'unauthorized' });
    const right = connect(server.url, { token });
    await until(() => right.frames.length === 1);
  });
});

it('waits for nothing once it is closed, though a ping stands behind the frame in which that was decided', async () => {
  const http = createHttpServer();
  const server = new WebSocketServer({ server: http });
  const ended = once(server, 'connection').then(([socket]) => once(socket as WebSocket, 'close') as Promise<unknown>);
  server.on('connection', (socket, { socket: bytes }) => {
    bytes.cork();
    socket.send(helloFrame(1, 'a'));
    socket.ping();
    bytes.uncork();
  });
  const address = await listening(http);
  const timers = vi.spyOn(globalThis, 'setTimeout');
  cleanups.push(() => timers.mockRestore());
  const { stream } = connect(address, {
    limits: { silenceMs: 54_321 },
    onFrame() {
      stream.close();
      timers.mockClear();
    },
  });
  await ended;
  expect(timers.mock.calls.filter(([, ms]) => ms === 54_321)).toEqual([]);
});

it('comes back after the server was away, without a word of ours', async () => {
  const first = await serve(hubOf(1, 'a'));
  const { names, seen } = connect(first.url);
  await until(() => seen().length === 1);
  await first.stop();
  await until(() => names().includes('down'));
  const second = await serve(hubOf(2, 'a'), { listen: { host: '127.0.0.1', port: first.port } });
  cleanups.push(() => second.stop());
  await until(() => seen().includes('hello 2/0'));
  expect(names().at(-1)).toBe('up');
});

it('ends without an error at the end of a recording', async () => {
  const server = await serve(hubOf(1, 'a'));
  const { states, names, seen } = connect(server.url, { retry: 'always' });
  await until(() => seen().length === 1);
  await server.stop(END_OF_RECORDING, 1000);
  await until(() => names().includes('ended'));
  expect(states.at(-1)).toEqual({ state: 'ended' });
});

it('sends control, and says when it cannot', async () => {
  const controls: unknown[] = [];
  const server = await serve(hubOf(1, 'a'), { onControl: (control) => controls.push(control) });
  cleanups.push(() => server.stop());
  const { stream, seen } = connect(server.url);
  expect(stream.send({ type: 'sample', exponent: 3 })).toBe(false);
  await until(() => seen().length === 1);
  expect(stream.send({ type: 'sample', exponent: 3 })).toBe(true);
  await until(() => controls.length === 1);
  expect(stream.remote()).toEqual({ address: '127.0.0.1', port: server.port });
});

it('paused, it leaves the loss to the server', async () => {
  const hub = hubOf(1, 'a');
  const server = await serve(hub, { limits: { queueBytes: 1 << 20 } });
  cleanups.push(() => server.stop());
  const { stream, seen } = connect(server.url);
  await until(() => seen().length === 1);
  stream.pause();
  let sequence = 0;
  while (server.stats.framesMissed === 0) {
    hub.push(legsFrame(1, ++sequence, 256 << 10));
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.resume();
  await until(() => seen().some((frame) => frame.startsWith('missed')));
});

it('a silent connection is given up', async () => {
  const server = await serve(hubOf(1, 'a'), { limits: { heartbeatMs: 60_000 } });
  cleanups.push(() => server.stop());
  const { states, names } = connect(server.url, { limits: { silenceMs: 50 } });
  await until(() => names().includes('down'));
  expect(states.find(({ state }) => state === 'down')).toMatchObject({ error: { code: 'lost' } });
});

it('closed, it calls back no more', async () => {
  const hub = hubOf(1, 'a');
  const server = await serve(hub);
  cleanups.push(() => server.stop());
  const { stream, states, frames } = connect(server.url);
  await until(() => frames.length === 1);
  stream.close();
  const before = states.length;
  hub.push(helloFrame(2, 'b'));
  await until(() => server.stats.readers === 0);
  expect([states.length, frames.length]).toEqual([before, 1]);
});

it.each([
  ['127.0.0.1:9430', 'ws://127.0.0.1:9430/v1/stream?scope=node'],
  ['http://agent:1/', 'ws://agent:1/v1/stream?scope=node'],
  ['wss://agent/prefix/v1/stream', 'wss://agent/prefix/v1/stream?scope=node'],
  ['[::1]:9430', 'ws://[::1]:9430/v1/stream?scope=node'],
])('%s is %s', (address, url) => {
  expect(streamUrl(address, 'node')).toBe(url);
});

it('may begin so long ago', () => {
  expect(streamUrl('a:1', 'cluster', 300_000.5)).toBe('ws://a:1/v1/stream?scope=cluster&history=300001ms');
});

it.each(['ftp://a', 'ws://user:secret@a', 'ws://a?token=x', 'a b', ''])('%j is no address', (address) => {
  expect(() => streamUrl(address, 'node')).toThrow(expect.objectContaining({ code: 'address' }) as Error);
});

it('waits longer each time, up to its longest, half of it by chance', () => {
  expect([0, 1, 2, 50].map((attempt) => retryDelayMs(attempt, 250, 10_000, 1))).toEqual([250, 500, 1000, 10_000]);
  expect(retryDelayMs(50, 250, 10_000, 0)).toBe(5000);
});
