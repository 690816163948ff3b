/** Real sockets on loopback. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { rateLimit } from '../server/control.ts';
import { until } from '../server/testing.ts';
import { startAnswerer, type Answerer } from './answerer.ts';
import { createAsker, type Asked, type Asker } from './asker.ts';
import { Kind, decodeDatagram, encodeDatagram, keyOf } from './datagram.ts';
import { createProbe } from './probe.ts';

const TOKEN = 'a token of the agents';
const key = keyOf(TOKEN);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function answerer(token = TOKEN, host = '127.0.0.1'): Promise<Answerer> {
  const started = await startAnswerer(token, host, 0);
  cleanups.push(() => started.stop());
  return started;
}

function askerOf(peers: Asked[], token = TOKEN): Asker {
  const asker = createAsker({ token, everyMs: 20, peers: () => peers });
  cleanups.push(() => asker.stop());
  return asker;
}

const at = (node: string, { port }: Answerer, address = '127.0.0.1'): Asked => ({ node, address, port });

/** A stranger's socket, and what came back to it. */
async function stranger(): Promise<{ socket: Socket; heard: Buffer[] }> {
  const socket = createSocket('udp4');
  const heard: Buffer[] = [];
  socket.on('message', (bytes) => heard.push(bytes));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => socket.close());
  return { socket, heard };
}

describe('the asker', () => {
  it('asks every peer, and counts what each one answers', async () => {
    const [one, other] = [await answerer(), await answerer('another token of agents')];
    const asker = askerOf([at('n2', one), at('n3', other)]);
    asker.start();
    await until(() => (asker.counts().get('n2')?.answers ?? 0) >= 3 && (asker.counts().get('n3')?.questions ?? 0) >= 3);
    expect(asker.counts().get('n3')!.answers).toBe(0);
    expect(one.answered()).toBeGreaterThanOrEqual(3);
    expect(other.answered()).toBe(0);
  });

  it('asks over IPv6 too, and takes a mapped address for the IPv4 one that it is', async () => {
    const [four, six] = [await answerer(), await answerer(TOKEN, '::1')];
    const asker = askerOf([at('n2', four, '::ffff:127.0.0.1'), at('n3', six, '::1')]);
    asker.start();
    await until(() => ['n2', 'n3'].every((node) => (asker.counts().get(node)?.answers ?? 0) > 0));
  });

  it('sends nothing before it is started nor once it is stopped, and goes on where it was', async () => {
    const { socket, heard } = await stranger();
    const asker = askerOf([{ node: 'n2', address: '127.0.0.1', port: socket.address().port }]);
    asker.start();
    await until(() => heard.length >= 2);
    asker.stop();
    const { questions } = asker.counts().get('n2')!;
    await until(() => heard.length === questions);
    asker.start();
    await until(() => heard.length > questions);
    const numbers = heard.map((bytes) => decodeDatagram(key, bytes)!.number);
    expect(numbers).toEqual(heard.map((_, place) => place + 1));
  });
});

describe('the answerer', () => {
  const question = (
    number: number,
    token = TOKEN,
    kind: (typeof Kind)[keyof typeof Kind] = Kind.question,
  ): Uint8Array => encodeDatagram(keyOf(token), { kind, session: 1n, number });

  it('answers each question of its token once, with as many bytes, and nothing else', async () => {
    const { port, answered } = await answerer();
    const { socket, heard } = await stranger();
    const say = (bytes: Uint8Array): void => socket.send(bytes, port, '127.0.0.1');
    say(question(1, 'another token of agents'));
    say(question(2, TOKEN, Kind.answer));
    for (const length of [0, 1, 47, 48, 49, 1400]) say(randomBytes(length));
    const caught = question(3);
    say(caught);
    say(caught);
    say(question(1));
    say(question(4));
    await until(() => heard.length === 2);
    expect(heard.map((bytes) => decodeDatagram(key, bytes))).toEqual(
      [3, 4].map((number) => ({ kind: Kind.answer, session: 1n, number })),
    );
    expect(heard.map(({ length }) => length)).toEqual([caught.length, caught.length]);
    expect(answered()).toBe(2);
  });

  it('looks at no more datagrams than it may', async () => {
    const isWithin = rateLimit(2, Infinity);
    let looks = 0;
    const isAllowed = (nowMs: number): boolean => (looks++, isWithin(nowMs));
    const { port, answered, stop } = await startAnswerer(TOKEN, '127.0.0.1', 0, isAllowed);
    cleanups.push(stop);
    const { socket } = await stranger();
    for (const number of [1, 2, 3, 4]) socket.send(question(number), port, '127.0.0.1');
    await until(() => looks === 4);
    expect(answered()).toBe(2);
  });

  it('says why it cannot listen', async () => {
    const { port } = await answerer();
    await expect(startAnswerer(TOKEN, '127.0.0.1', port)).rejects.toThrow(
      `cannot listen on UDP 127.0.0.1:${port}, for the probe: another program does`,
    );
  });
});

describe('the probe', () => {
  it('is nothing without a time', async () => {
    const probe = createProbe({ token: TOKEN, everyMs: undefined, peers: () => [] });
    await probe.listen({ host: '0.0.0.0', port: 0 });
    expect(probe.port()).toBeUndefined();
  });

  it('wants a token', () => {
    expect(() => createProbe({ token: undefined, everyMs: 200, peers: () => [] })).toThrow('give --token-file');
  });

  it('answers where others can reach it, and not on loopback', async () => {
    const probe = createProbe({ token: TOKEN, everyMs: 200, peers: () => [] });
    cleanups.push(() => probe.stop());
    await probe.listen({ host: '127.0.0.1', port: 0 });
    expect(probe.port()).toBeUndefined();
    await probe.listen({ host: '0.0.0.0', port: 0 });
    expect(probe.port()).toBeGreaterThan(0);
  });
});
