/** What others may send: peers that are none, clients that send rubbish, tokens that are wrong. */
import { createServer as createHttp, type Server } from 'node:http';
import { connect, createServer as createTcp } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { PROTOCOL } from '../../agent/client/protocol.ts';
import { FrameType, MAX_PAYLOAD_BYTES, encodeFrame } from '../../agent/wire/frame.ts';
import { createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents, type Agents } from '../lab/agents.ts';
import { startTraffic } from '../traffic/start.ts';
import { inNetns } from './bpf.ts';
import { hoplens, metric, trace, until, watch, wholeWays } from './tools.ts';

const [missing] = await labMissing();

/** What each false peer sends to whoever connects, and what the gateway says of it. */
const falsePeers: { port: number; send: (socket: WebSocket) => void; error: RegExp }[] = [
  { port: 9501, send: repeat('hello, I am a text'), error: /messages that are no frames .*text message/ },
  { port: 9502, send: repeat(Buffer.alloc(100, 0xa5)), error: /messages that are no frames/ },
  { port: 9503, send: repeat(Buffer.alloc(MAX_PAYLOAD_BYTES + 4096)), error: /broke the WebSocket protocol .*size/ },
  { port: 9504, send: repeat(longFrame()), error: /messages that are no frames/ },
  { port: 9505, send: repeat(strangeFrame()), error: /a frame of a stream without its hello/ },
];

function repeat(data: string | Uint8Array): (socket: WebSocket) => void {
  return (socket) => {
    for (let i = 0; i < 5; i++) socket.send(data, () => undefined);
  };
}

/** Its header says that more follows than anybody may send. */
function longFrame(): Uint8Array {
  const frame = encodeFrame({ type: FrameType.legs, stream: 1, sequence: 0, timeMs: 0 }, new Uint8Array(8));
  new DataView(frame.buffer).setUint32(16, MAX_PAYLOAD_BYTES + 8, true);
  return frame;
}

function strangeFrame(): Uint8Array {
  return encodeFrame({ type: FrameType.legs, stream: 77, sequence: 0, timeMs: 0 }, new Uint8Array(64));
}

/** Servers in a node's namespace: their sockets stay there, wherever this process is. */
function startFalsePeers(netns: string): { close(): void } {
  const servers = falsePeers.map(({ send }) => {
    const server = createHttp();
    new WebSocketServer({ server, perMessageDeflate: false }).on('connection', send);
    return server;
  });
  const refusing = createHttp((_, response) => response.writeHead(401).end('no such token\n'));
  refusing.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\nno such token\n')); // prettier-ignore
  const shouting = createTcp((socket) => socket.on('error', () => undefined).end('SSH-2.0-nobody\r\n'));
  const all = [...servers, refusing, shouting];
  const ports = [...falsePeers.map(({ port }) => port), 9506, 9507];
  // Without a host to look up, listen opens its socket before it returns.
  inNetns(netns, () => all.forEach((server, i) => void server.listen(ports[i])));
  return {
    close: () => all.forEach((server) => (server.close(), (server as Partial<Server>).closeAllConnections?.())),
  };
}

describe.skipIf(missing !== undefined)(`hostile input (needs a machine for labs; missing: ${missing})`, () => {
  let lab: Lab;
  let agents: Agents;
  beforeAll(async () => {
    lab = await createLab('flannel-vxlan', { signals: false });
    const extra = [...falsePeers.map(({ port }) => port), 9506, 9507].flatMap((port) => ['--peer', `ws://192.168.1.11:${port}`]); // prettier-ignore
    agents = await startAgents(lab, { args: (node) => (node === 'n1' ? extra : []) });
  });
  afterAll(async () => {
    await agents?.stop();
    await lab?.down();
  });

  it('peers that send garbage, too much, or what is not theirs are turned away, and the true one is read', async () => {
    const peers = startFalsePeers(lab.netns('n2'));
    const traffic = await startTraffic(lab, ['ping']);
    try {
      using watched = watch(agents.url, agents.tokenFile);
      const stateOf = (port: number) => watched.last('peers')?.peers.find((peer) => peer.url.endsWith(`:${port}`));
      for (const { port, error } of falsePeers) {
        await until(`port ${port} turned away`, () => /refused|down/.test(stateOf(port)?.state ?? ''));
        await until(`the reason of port ${port}: ${stateOf(port)!.error}`, () =>
          error.test(stateOf(port)!.error ?? ''),
        );
      }
      await until('the peer that refuses us', () =>
        /refused the token: no such token/.test(stateOf(9506)?.error ?? ''),
      );
      await until('the peer of another protocol', () =>
        /answers, but not as a hoplens agent/.test(stateOf(9507)?.error ?? ''),
      );
      expect(stateOf(9430)).toMatchObject({ node: 'n2', state: 'up' });
      await until('counters', async () => (await metric(agents.url, 'hoplens_peer_garbage_total')) >= 3 * 3);
      expect(await metric(agents.url, 'hoplens_peer_refused_total', /garbage/)).toBeGreaterThanOrEqual(3);
      expect(await metric(agents.url, 'hoplens_peer_refused_total', /unauthorized/)).toBeGreaterThanOrEqual(1);
      const traced = await trace(agents.url, agents.tokenFile, ['--count', '10', '--for', '10s', 'icmp']);
      expect(wholeWays(traced).length).toBeGreaterThanOrEqual(8);
    } finally {
      peers.close();
      await traffic.stop();
    }
  });

  it('a client that sends rubbish loses its connection, and only its own', async () => {
    using watched = watch(agents.url, agents.tokenFile);
    await until('frames', () => watched.all('status', 'n1').length > 0);
    const before = await metric(agents.url, 'hoplens_control_rejected_total');
    expect(await closeOf(agents.url, 'no JSON')).toBe(1008);
    expect(await closeOf(agents.url, '{"type":"sample","exponent":-1}')).toBe(1008);
    expect(await closeOf(agents.url, new Uint8Array(40))).toBe(1008);
    expect([1006, 1009]).toContain(await closeOf(agents.url, 'x'.repeat(1 << 20)));
    expect(await shout(agents.url, 'GET /\0 nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await shout(agents.url, `GET / HTTP/1.1\r\nx: ${'y'.repeat(1 << 16)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    await until('them counted', async () => (await metric(agents.url, 'hoplens_control_rejected_total')) >= before + 4);
    const statuses = watched.all('status', 'n1').length;
    await until('the other reader served', () => watched.all('status', 'n1').length > statuses);
    expect(watched.states.map(({ state }) => state)).toEqual(['connecting', 'up']);
    expect(agents.log('n1')).not.toMatch(/error|fail/i);
  });

  it('a wrong token, or none, is refused with a sentence and counted', async () => {
    const wrong = join(dirname(agents.tokenFile), 'wrong');
    writeFileSync(wrong, 'a-token-of-somebody-else', { mode: 0o600 });
    const there = `ws://${lab.node('n2').address}:9430`;
    const inside = ['nsenter', `--net=/run/netns/${lab.netns('n1')}`];
    const out = join(dirname(agents.tokenFile), 'never.hoplens');
    for (const token of [['--token-file', wrong], []]) {
      const traced = await hoplens(['trace', '--gateway', there, '--for', '2s', ...token], inside);
      expect(traced).toMatchObject({ status: 1, stdout: '' });
      expect(traced.stderr).toMatch(/^hoplens trace: ws:\S+ refused the token: a valid bearer token is needed\n$/);
      const recorded = await hoplens(['record', '--out', out, '--gateway', there, '--for', '2s', ...token], inside);
      expect(recorded).toMatchObject({ status: 1, stdout: '' });
      expect(recorded.stderr).toMatch(/refused the token/);
    }
    const read = (token: string) =>
      `fetch("http://${lab.node('n2').address}:9430/metrics",{headers:{authorization:"Bearer ${token}"}}).then(async (r) => console.log(r.status, await r.text()))`; // prettier-ignore
    const scrape = async (token: string) => (await lab.exec('n1', [process.execPath, '-e', read(token)])).stdout;
    expect(await scrape('a-token-of-somebody-else')).toMatch(/^401 wants a bearer token/);
    const metrics = await scrape(readFileSync(agents.tokenFile, 'utf8').trim());
    expect(Number(/hoplens_refused_total\{reason="token"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThanOrEqual(4);
  });
});

/** Sends one message and gives the code with which the server closes. */
function closeOf(url: string, message: string | Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url}/v1/stream?scope=node`, [PROTOCOL]);
    socket.on('open', () => socket.send(message));
    socket.on('error', () => undefined);
    socket.on('close', (code) => resolve(code));
  });
}

/** Writes bytes to the port and gives what comes back until it closes. */
function shout(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}
