import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { PROTOCOL, STREAM_PATH, TOKEN_PROTOCOL_PREFIX } from '../client/protocol.ts';
import { type RunningServer, type ServerOptions } from './server.ts';
import type { FrameSource } from './source.ts';
import {
  helloFrame,
  hubOf,
  legsFrame,
  readFrom,
  refusedWith,
  serve,
  statusFrame,
  until,
  type TestReader,
} from './testing.ts';

const TOKEN = 'a-token-of-24-characters';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  node: FrameSource = hubOf(1, 'node-1'),
  options: Partial<ServerOptions> = {},
): Promise<RunningServer> {
  const server = await serve(node, options);
  cleanups.push(() => server.stop());
  return server;
}

async function read(...args: Parameters<typeof readFrom>): Promise<TestReader> {
  const reader = await readFrom(...args);
  cleanups.push(() => reader.socket.terminate());
  return reader;
}

const stream = (server: RunningServer, scope = 'cluster'): string => `${server.url}${STREAM_PATH}?scope=${scope}`;

interface Answer {
  status: number;
  body: string;
}

function get(
  server: RunningServer,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: server.port, path, headers, method, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

describe('a reader', () => {
  it('gets the state first, then frames as they come, byte for byte', async () => {
    const hub = hubOf(1, 'node-1');
    hub.push(statusFrame(1, 4));
    const reader = await read(stream(await start(hub)), [PROTOCOL]);
    await until(() => reader.frames.length === 2);
    const frame = legsFrame(1, 5, 4096);
    hub.push(frame);
    await until(() => reader.frames.length === 3);
    expect(reader.seen()).toEqual(['hello 1/0', 'status 1/4', 'legs 1/5']);
    expect(Buffer.compare(reader.frames[2], frame)).toBe(0);
    expect(reader.socket.protocol).toBe(PROTOCOL);
  });

  it('of scope node gets nothing of the peers', async () => {
    const [own, peers] = [hubOf(1, 'node-1'), hubOf(2, 'node-2')];
    const server = await start(own, { sources: (scope) => (scope === 'node' ? [own] : [own, peers]) });
    const [node, cluster] = [await read(stream(server, 'node')), await read(`${server.url}${STREAM_PATH}`)];
    peers.push(legsFrame(2, 1));
    own.push(legsFrame(1, 1));
    await until(() => node.frames.length === 2 && cluster.frames.length === 4);
    expect(node.seen()).toEqual(['hello 1/0', 'legs 1/1']);
    expect(cluster.seen()).toEqual(['hello 1/0', 'hello 2/0', 'legs 2/1', 'legs 1/1']);
  });

  it('that does not read loses frames, is told how many, and harms nobody', async () => {
    const hub = hubOf(1, 'node-1');
    const server = await start(hub, { limits: { queueBytes: 1 << 20 } });
    const [slow, fast] = [await read(stream(server)), await read(stream(server))];
    await until(() => slow.frames.length === 1);
    slow.socket.pause();
    let sequence = 0;
    // What the kernel's own buffers take is not in our hands.
    while (server.stats.framesMissed < 50) {
      hub.push(++sequence % 10 === 0 ? statusFrame(1, sequence) : legsFrame(1, sequence, 64 << 10));
      await until(() => fast.frames.length === sequence + 1);
    }
    hub.push(helloFrame(1, 'node-1', [], ++sequence));
    slow.socket.resume();
    await until(() => slow.messages().some((message) => message.type === 'missed'));
    await until(() => slow.messages().filter((message) => message.type === 'hello').length === 2);
    hub.push(legsFrame(1, ++sequence));
    await until(() => slow.seen().at(-1) === `legs 1/${sequence}`);

    const missed = slow.messages().flatMap((message) => (message.type === 'missed' ? [message.frames] : []));
    const different = new Set(slow.seen().filter((frame) => !frame.startsWith('missed')));
    expect(missed).toHaveLength(1);
    expect(different.size + missed[0]).toBe(sequence + 1);
    expect(fast.frames.length).toBe(sequence + 1);
    const afterGap = slow.seen().slice(slow.seen().findIndex((frame) => frame.startsWith('missed')) + 1);
    expect(afterGap[0]).toMatch(/^hello/);
  });

  it('that answers no ping is cut off', async () => {
    const server = await start(undefined, { limits: { heartbeatMs: 20 } });
    const dead = await read(stream(server), [], { autoPong: false });
    const alive = await read(stream(server));
    await dead.closed;
    await until(() => server.stats.readers === 1);
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
  });

  it('is told why when the agent stops', async () => {
    const server = await serve(hubOf(1, 'node-1'));
    const reader = await read(stream(server));
    await server.stop();
    expect(await reader.closed).toEqual({ code: 1001, reason: 'the agent stops' });
  });
});

describe('control', () => {
  it('is handed on when it is valid', async () => {
    const seen: unknown[] = [];
    const server = await start(undefined, { onControl: (control) => seen.push(control) });
    const reader = await read(stream(server));
    reader.socket.send('{"type":"sample","exponent":"auto"}');
    reader.socket.send('{"type":"sample","exponent":31}');
    await until(() => seen.length === 2);
    expect(seen).toEqual([
      { type: 'sample', exponent: 'auto' },
      { type: 'sample', exponent: 31 },
    ]);
    expect(server.stats.controlAccepted).toBe(2);
  });

  it.each([
    ['garbage', 'not json', 1008],
    ['another type', '{"type":"stop"}', 1008],
    ['a value out of range', '{"type":"sample","exponent":32}', 1008],
    ['a field too many', '{"type":"sample","exponent":1,"more":1}', 1008],
    ['bytes', Buffer.from('{"type":"sample","exponent":1}'), 1008],
    ['an oversized message', ' '.repeat(5000), 1009],
  ])('that is %s closes the connection and is counted', async (_what, message, code) => {
    const seen: unknown[] = [];
    const server = await start(undefined, { onControl: (control) => seen.push(control) });
    const [bad, other] = [await read(stream(server)), await read(stream(server))];
    bad.socket.send(message);
    expect((await bad.closed).code).toBe(code);
    await until(() => server.stats.readers === 1);
    expect(seen).toEqual([]);
    expect(server.stats.controlRejected).toBe(1);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  it('that comes too often closes the connection', async () => {
    const server = await start(undefined, { onControl: () => {}, limits: { controlMessages: 3 } });
    const reader = await read(stream(server));
    for (let i = 0; i < 4; i++) reader.socket.send('{"type":"sample","exponent":0}');
    expect(await reader.closed).toEqual({ code: 1008, reason: 'too many control messages' });
    expect(server.stats.controlAccepted).toBe(3);
  });

  it('is refused where nobody takes it', async () => {
    const reader = await read(stream(await start()));
    reader.socket.send('{"type":"sample","exponent":0}');
    expect((await reader.closed).code).toBe(1008);
  });
});

describe('upgrades', () => {
  it('are limited in number', async () => {
    const server = await start(undefined, { limits: { readers: 1 } });
    const first = await read(stream(server));
    expect(await refusedWith(stream(server))).toBe(503);
    first.socket.close();
    await until(() => server.stats.readers === 0);
    await read(stream(server));
    expect(server.stats.refused.full).toBe(1);
  });

  it('of another page, host, version, path or scope are refused', async () => {
    const server = await start();
    expect(await refusedWith(stream(server), [], { origin: 'http://evil.example' })).toBe(403);
    expect(await refusedWith(stream(server), [], { headers: { host: 'rebound.example' } })).toBe(403);
    expect(await refusedWith(stream(server), ['hoplens.v999'])).toBe(426);
    expect(await refusedWith(`${server.url}/elsewhere`)).toBe(404);
    expect(await refusedWith(stream(server, 'all'))).toBe(400);
    expect(server.stats.refused).toMatchObject({ origin: 1, host: 1, protocol: 1, path: 2 });
    await read(stream(server), [PROTOCOL], { origin: `http://127.0.0.1:${server.port}` });
  });
});

describe('beyond loopback', () => {
  const beyond = { listen: { host: '0.0.0.0', port: 0 }, token: TOKEN };
  const local = (server: RunningServer): string => `ws://127.0.0.1:${server.port}${STREAM_PATH}`;
  const base64url = (token: string): string => Buffer.from(token).toString('base64url');

  it('nothing listens without a token', async () => {
    await expect(serve(hubOf(1, 'a'), { listen: beyond.listen })).rejects.toMatchObject({ code: 'token-required' });
  });

  it('the stream wants the token, in a header or a subprotocol', async () => {
    const server = await start(undefined, beyond);
    expect(await refusedWith(local(server))).toBe(401);
    expect(await refusedWith(local(server), [], { headers: { authorization: 'Bearer wrong-token-wrong-token' } })).toBe(
      401,
    );
    expect(await refusedWith(local(server), [PROTOCOL, TOKEN_PROTOCOL_PREFIX + base64url('wrong')])).toBe(401);
    expect(await refusedWith(`${local(server)}?token=${TOKEN}`)).toBe(401);
    await read(local(server), [], { headers: { authorization: `Bearer ${TOKEN}` } });
    const browser = await read(local(server), [PROTOCOL, TOKEN_PROTOCOL_PREFIX + base64url(TOKEN)]);
    expect(browser.socket.protocol).toBe(PROTOCOL);
    expect(server.stats.refused.token).toBe(4);
  });

  it('metrics want it too, health does not', async () => {
    const server = await start(undefined, beyond);
    expect((await get(server, '/metrics')).status).toBe(401);
    expect((await get(server, '/metrics', { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await get(server, '/healthz')).status).toBe(200);
    expect((await get(server, '/readyz')).status).toBe(200);
  });
});

describe('on loopback', () => {
  it('no token is needed, but a wrong one is refused', async () => {
    const server = await start(undefined, { token: TOKEN });
    await read(stream(server));
    expect(await refusedWith(stream(server), [], { headers: { authorization: 'Bearer nonsense' } })).toBe(401);
  });

  it('answers what it has, and refuses names that are not loopback', async () => {
    const server = await start(undefined, { ready: () => ({ ready: false, reasons: ['no device'] }) });
    expect(await get(server, '/healthz')).toEqual({ status: 200, body: 'ok\n' });
    expect(await get(server, '/readyz')).toEqual({ status: 503, body: '{"ready":false,"reasons":["no device"]}\n' });
    expect((await get(server, '/metrics')).body).toContain('hoplens_readers 0');
    expect((await get(server, '/metrics', { host: 'rebound.example' })).status).toBe(403);
    expect((await get(server, STREAM_PATH)).status).toBe(426);
    expect((await get(server, '/nothing')).status).toBe(404);
    expect((await get(server, '/healthz', {}, 'POST')).status).toBe(405);
  });

  it('leaves other paths to the files', async () => {
    const server = await start(undefined, {
      files: (call, response) => {
        if (call.url !== '/index.html') return false;
        response.end('page');
        return true;
      },
    });
    expect(await get(server, '/index.html')).toEqual({ status: 200, body: 'page' });
    expect((await get(server, '/other.html')).status).toBe(404);
  });
});

describe('listening', () => {
  it('on a taken port says so', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => other.close());
    const { port } = other.address() as { port: number };
    const failed = expect(serve(hubOf(1, 'a'), { listen: { host: '127.0.0.1', port } })).rejects;
    await failed.toMatchObject({ code: 'port-taken', message: expect.stringContaining(`127.0.0.1:${port}`) as string });
  });

  it('on an address of another machine says so', async () => {
    const taken = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
    expect(taken).not.toContain('192.0.2.1');
    const options = { listen: { host: '192.0.2.1', port: 0 }, token: TOKEN };
    await expect(serve(hubOf(1, 'a'), options)).rejects.toMatchObject({ code: 'address' });
  });

  it.each([
    ['127.0.0.1', 'listens'],
    ['0.0.0.0', 'token-required'],
  ])('on a socket of %s that was handed down: %s', async (host, outcome) => {
    const parent = createServer();
    await new Promise<void>((resolve) => parent.listen(0, host, resolve));
    cleanups.push(() => parent.close());
    const { fd } = (parent as unknown as { _handle: { fd: number } })._handle;
    // libuv takes a descriptor once per process, so the one that is handed down needs one of its own.
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', handedDown], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit', fd],
    });
    cleanups.push(() => child.kill());
    let said = '';
    child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => child.once('exit', resolve));
    const { port } = parent.address() as { port: number };
    expect(said).toBe(outcome === 'listens' ? `listens ${port}` : outcome);
  });
});

const handedDown = `
  import { startServer } from './server.ts';
  try {
    const server = await startServer({ listen: { fd: 3 }, sources: () => [], metrics: async () => ({}), ready: () => ({}) });
    process.stdout.write('listens ' + server.port);
    await server.stop();
  } catch (error) {
    process.stdout.write(error.code);
  }`;
