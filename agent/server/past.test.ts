/** The past over real sockets: newcomers and snapshots, of one node and of a cluster. */
import { afterEach, expect, it } from 'vitest';
import { STREAM_PATH } from '../client/protocol.ts';
import { readSnapshot, type SnapshotOptions } from '../client/snapshot.ts';
import { historyOf, pastOf } from '../history/past.ts';
import { createRecorder } from '../history/recorder.ts';
import { createGateway } from './gateway.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { ServerOptions } from './server.ts';
import { createHub, framePlace, type FrameSource } from './source.ts';
import { describeFrame, helloFrame, legsFrame, readFrom, serve, statusFrame, until, type TestReader } from './testing.ts'; // prettier-ignore

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const TOKEN = 'a-token-of-24-characters';

/** A node with a flight recorder and so many frames of the past. */
function nodeOf(stream: number, name: string, frames: number, frameBytes = 64) {
  const hub = createHub();
  const recorder = createRecorder({ ms: 60_000, bytes: 256 << 20 });
  const source: FrameSource = { ...hub, held: { nodes: () => 1, read: (span) => [pastOf(recorder, name, span)] } };
  let next = 0;
  const push = (): void => {
    const sequence = next++;
    const frame = sequence === 0 ? helloFrame(stream, name) : sequence % 10 === 1 ? statusFrame(stream, sequence) : legsFrame(stream, sequence, frameBytes); // prettier-ignore
    recorder.push(frame, performance.now());
    hub.push(frame);
  };
  for (let at = 0; at < frames; at++) push();
  return { source, recorder, push, sent: () => next };
}

async function start(source: FrameSource, options: Partial<ServerOptions> = {}) {
  const server = await serve(source, options);
  cleanups.push(() => server.stop());
  return server;
}

/** Two nodes, each with its server, the first one the gateway of both. */
async function cluster(frames: number, frameBytes = 64) {
  const [n1, n2] = [nodeOf(1, 'n1', frames, frameBytes), nodeOf(2, 'n2', frames, frameBytes)];
  const peer = await start(n2.source, { token: TOKEN });
  const gateway = createGateway({ peers: [peer.url], token: TOKEN, node: 'n1', ownStream: () => 1, lingerMs: 20 });
  cleanups.push(() => gateway.stop());
  const sources: ServerOptions['sources'] = (scope) => (scope === 'node' ? [n1.source] : [n1.source, gateway]);
  const server = await start(n1.source, { sources, token: TOKEN });
  return { n1, n2, peer, server };
}

async function read(url: string): Promise<TestReader> {
  const reader = await readFrom(url);
  cleanups.push(() => reader.socket.terminate());
  return reader;
}

const numbersOf = (frames: Uint8Array[], stream: number): number[] =>
  frames.map((frame) => framePlace(frame)).filter((place) => place.stream === stream).map(({ sequence }) => sequence); // prettier-ignore

const upTo = (end: number): number[] => Array.from({ length: end }, (_, at) => at);

const isLive = (frame: Uint8Array): boolean => historyOf(frame)?.isLive === true;

it('a newcomer gets the past of all nodes at once, then what comes, each frame once', async () => {
  const { n1, n2, server } = await cluster(300);
  const reader = await read(`${server.url}${STREAM_PATH}?scope=cluster&history=60s`);
  for (let at = 0; at < 40; at++) {
    n1.push();
    n2.push();
    await until(() => reader.frames.length >= at);
  }
  await until(() => reader.frames.some(isLive));
  n1.push();
  n2.push();
  await until(() => [n1, n2].every((node, at) => numbersOf(reader.frames, at + 1).length >= node.sent()));
  expect(numbersOf(reader.frames, 1)).toEqual(upTo(n1.sent()));
  expect(numbersOf(reader.frames, 2)).toEqual(upTo(n2.sent()));
  expect(historyOf(reader.frames[0])!.streams.map(({ node }) => node)).toEqual(['n1', 'n2']);
  expect(reader.messages().some(({ type }) => type === 'peers')).toBe(true);
});

it('a past that is larger than the queue makes no reader slow, also one that waits', async () => {
  const node = nodeOf(1, 'n1', 120, 100_000);
  const server = await start(node.source, { limits: { queueBytes: 1 << 20 } });
  const reader = await read(`${server.url}${STREAM_PATH}?history=60s`);
  reader.socket.pause();
  for (let at = 0; at < 5; at++) node.push();
  expect(server.isDrained()).toBe(false);
  reader.socket.resume();
  await until(() => reader.frames.some(isLive) && numbersOf(reader.frames, 1).length >= node.sent());
  expect(numbersOf(reader.frames, 1)).toEqual(upTo(node.sent()));
  expect(server.stats.framesMissed).toBe(0);
});

it('a newcomer is sent the newest of the past, as many bytes as it may', async () => {
  const node = nodeOf(1, 'n1', 100, 10_000);
  const server = await start(node.source, { limits: { pastBytes: 200_000 } });
  const reader = await read(`${server.url}${STREAM_PATH}?history=60s`);
  await until(() => reader.frames.some(isLive));
  const numbers = numbersOf(reader.frames, 1);
  expect(numbers.length).toBeLessThan(35);
  expect(numbers.slice(1)).toEqual(upTo(100).slice(-numbers.length + 1));
});

it('where nothing is held, or a peer holds nothing, a newcomer begins as ever', async () => {
  const peer = createHub();
  peer.push(helloFrame(5, 'n5'));
  const { url } = await start(peer);
  const gateway = createGateway({ peers: [url], node: 'n1', ownStream: () => 1, lingerMs: 20 });
  cleanups.push(() => gateway.stop());
  const own = createHub();
  own.push(helloFrame(1, 'n1'));
  const server = await start(own, { sources: () => [own, gateway] });
  const reader = await read(`${server.url}${STREAM_PATH}?history=60s`);
  await until(() => ['hello 1/0', 'hello 5/0'].every((frame) => reader.seen().includes(frame)));
});

async function snapshot(address: string, options: Partial<SnapshotOptions> = {}): Promise<Uint8Array[]> {
  const span = { fromAgeMs: Infinity, toAgeMs: 0 };
  const frames: Uint8Array[] = [];
  const all = { address, scope: 'cluster', span, firstMs: 5000, nextMs: 5000, ...options } as const;
  for await (const frame of readSnapshot(all)) frames.push(frame);
  return frames;
}

it('a snapshot is what all nodes hold, without anybody having looked', async () => {
  const { n1, n2, peer, server } = await cluster(50);
  const frames = await snapshot(server.url, { token: TOKEN });
  expect(numbersOf(frames, 1)).toEqual(upTo(n1.sent()));
  expect(numbersOf(frames, 2)).toEqual(upTo(n2.sent()));
  const node = await snapshot(server.url, { scope: 'node' });
  expect(numbersOf(node, 2)).toEqual([]);
  expect(peer.stats.readersTotal).toBe(0);
});

it('a snapshot goes on without a peer that is not there', async () => {
  const { server, peer } = await cluster(20);
  await peer.stop();
  const frames = await snapshot(server.url);
  expect(frames.map(describeFrame).filter((frame) => frame.endsWith('/0'))).toEqual(['history 0/0', 'hello 1/0']);
});

it.each([
  ['with a wrong token', { token: 'wrong' }, 'unauthorized'],
  ['of a span that is none', { span: { fromAgeMs: 1000, toAgeMs: 2000 } }, 'policy'],
])('a snapshot %s is refused', async (_what, options, code) => {
  const { server } = await cluster(5);
  await expect(snapshot(server.url, options)).rejects.toMatchObject({ code });
});

it('a snapshot of an agent without history says so', async () => {
  const hub = createHub();
  const server = await start(hub);
  await expect(snapshot(server.url)).rejects.toThrow(/holds no history \(--history 0\)/);
});

it('what is held is told in /v1/info and /metrics', async () => {
  const { source, recorder } = nodeOf(1, 'n1', 20);
  const history = () => recorder.stats(performance.now());
  const server = await start(source, { info: { hoplens: '1', recording: false }, history });
  const info = (await (await fetch(`http://127.0.0.1:${server.port}/v1/info`)).json()) as { history: unknown };
  expect(info.history).toMatchObject({ frames: 20, limitSeconds: 60, framesForgotten: 0 });
  const { body } = await createMetrics({ version: '1', server: () => undefined, history }).body();
  expect(body).toMatch(/^hoplens_history_bytes \d+$/m);
});
