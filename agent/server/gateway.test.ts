import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { STREAM_PATH, type Control } from '../client/protocol.ts';
import { decodeFrame } from '../wire/frame.ts';
import { decodeMessage } from '../wire/messages.ts';
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { RunningServer } from './server.ts';
import { createHub } from './source.ts';
import { describeFrame, helloFrame, hubOf, legsFrame, readFrom, refusedWith, serve, until } from './testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const limits = { firstRetryMs: 5, longestRetryMs: 20 };

function gatewayTo(peers: string[], options: Partial<GatewayOptions> = {}): Gateway {
  const gateway = createGateway({ peers, node: 'node-0', ownStream: () => 100, limits, lingerMs: 20, ...options });
  cleanups.push(() => gateway.stop());
  return gateway;
}

async function peer(stream: number, node: string, port = 0) {
  const hub = hubOf(stream, node);
  const server = await serve(hub, { listen: { host: '127.0.0.1', port } });
  const stop = (): Promise<void> => server.stop();
  cleanups.push(stop);
  return { hub, server, url: server.url, stop };
}

/** Subscribes and keeps what comes, but for peers messages. */
function watch(gateway: Gateway) {
  const frames: Uint8Array[] = [];
  const stop = gateway.subscribe((frame) => frames.push(frame));
  cleanups.push(stop);
  return { stop, frames, seen: () => frames.map(describeFrame).filter((frame) => !frame.startsWith('peers')) };
}

/** A server that says whatever it is told to whoever comes. */
async function impostor(say: (send: (data: Uint8Array | string) => void) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: STREAM_PATH });
  server.on('connection', (socket) => say((data) => socket.send(data)));
  await new Promise((resolve) => server.once('listening', resolve));
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
}

it('relays byte for byte, and only while somebody reads', async () => {
  const one = await peer(1, 'node-1');
  const gateway = gatewayTo([one.url]);
  expect(one.server.stats.readersTotal).toBe(0);
  const { frames, seen, stop } = watch(gateway);
  await until(() => seen().length === 1);
  const sent = legsFrame(1, 1, 4096);
  one.hub.push(sent);
  await until(() => seen().length === 2);
  expect(Buffer.compare(frames.at(-1)!, sent)).toBe(0);
  expect(gateway.peers()).toEqual([{ url: one.url, node: 'node-1', state: 'up' }]);
  expect(gateway.stats).toMatchObject({ framesRelayed: 2, garbage: 0 });
  stop();
  await until(() => one.server.stats.readers === 0);
});

it('stays connected when the next reader comes at once', async () => {
  const one = await peer(1, 'node-1');
  const gateway = gatewayTo([one.url], { lingerMs: 60_000 });
  const first = watch(gateway);
  await until(() => first.seen().length === 1);
  first.stop();
  const second = watch(gateway);
  one.hub.push(legsFrame(1, 1));
  await until(() => second.seen().length === 1);
  expect(one.server.stats.readersTotal).toBe(1);
  expect(gateway.state().map(describeFrame)[0]).toBe('hello 1/0');
});

it('waits for nothing when its readers leave after it was stopped', () => {
  vi.useFakeTimers();
  cleanups.push(() => vi.useRealTimers());
  const gateway = gatewayTo([]);
  const { stop } = watch(gateway);
  gateway.stop();
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

it('tells peers what to follow, of quick changes the last, and none more often than they take it', async () => {
  const asked: string[] = [];
  const own = hubOf(1, 'node-1');
  const onControl = (control: Control): void => void (control.type === 'filter' && asked.push(control.expression));
  const server = await serve(own, { onControl });
  cleanups.push(() => server.stop());
  const gateway = gatewayTo([server.url]);
  gateway.follow({ expression: 'asked before it is up', by: 'reader' });
  watch(gateway);
  await until(() => asked.length === 1);
  for (let at = 0; at < 100; at++) gateway.follow({ expression: `port ${at}`, by: 'reader' });
  await until(() => asked.includes('port 99'));
  expect(asked).toEqual(['asked before it is up', 'port 99']);
  gateway.follow(undefined);
  await until(() => asked.at(-1) === '');
  expect(server.stats).toMatchObject({ controlAccepted: 3, controlRejected: 0, readers: 1 });
});

it('tells them still when it was left for a moment in which a filter changed', async () => {
  const asked: string[] = [];
  const onControl = (control: Control): void => void (control.type === 'filter' && asked.push(control.expression));
  const server = await serve(hubOf(1, 'node-1'), { onControl });
  cleanups.push(() => server.stop());
  const gateway = gatewayTo([server.url]);
  const first = watch(gateway);
  await until(() => gateway.peers()[0].state === 'up');
  gateway.follow({ expression: 'port 1', by: 'reader' });
  first.stop();
  await until(() => server.stats.readers === 0);
  watch(gateway);
  await until(() => asked.includes('port 1'));
  gateway.follow({ expression: 'port 2', by: 'reader' });
  await until(() => asked.includes('port 2'));
});

it('serves its peers to its own readers, scope by scope', async () => {
  const one = await peer(1, 'node-1');
  const gateway = gatewayTo([one.url]);
  const own = hubOf(100, 'node-0');
  const server = await serve(own, { sources: (scope) => (scope === 'node' ? [own] : [own, gateway]) });
  cleanups.push(() => server.stop());
  const reader = await readFrom(`${server.url}${STREAM_PATH}`);
  await until(() => reader.seen().includes('hello 1/0'));
  expect(reader.seen()[0]).toBe('hello 100/0');
  await until(() => reader.messages().some((message) => message.type === 'peers' && message.peers[0].state === 'up'));
  reader.socket.terminate();
  await until(() => one.server.stats.readers === 0);
});

it('a peer that goes is down, and back with its new stream alone', async () => {
  const one = await peer(1, 'node-1');
  const gateway = gatewayTo([one.url]);
  const { seen } = watch(gateway);
  await until(() => seen().includes('hello 1/0'));
  await one.stop();
  await until(() => gateway.peers()[0].state === 'down');
  expect(gateway.peers()[0]).toMatchObject({ node: 'node-1' });
  expect(gateway.peers()[0].error).toBeTruthy();
  expect(
    gateway
      .state()
      .map(describeFrame)
      .some((frame) => frame.startsWith('hello')),
  ).toBe(false);
  await peer(2, 'node-1', one.server.port);
  await until(() => gateway.peers()[0].state === 'up');
  expect(seen()).toContain('hello 2/0');
  const state = gateway.state().map(describeFrame);
  expect(state.filter((frame) => !frame.startsWith('peers'))).toEqual(['hello 2/0']);
});

it('a new stream of the same node replaces the former', async () => {
  const one = await peer(1, 'node-1');
  const gateway = gatewayTo([one.url]);
  const { seen } = watch(gateway);
  await until(() => seen().includes('hello 1/0'));
  one.hub.push(helloFrame(9, 'node-1'));
  await until(() => seen().includes('hello 9/0'));
  expect(
    gateway
      .state()
      .map(describeFrame)
      .filter((frame) => frame.startsWith('hello')),
  ).toEqual(['hello 9/0']);
});

it('two peers of one name are refused but for the first, which is unharmed', async () => {
  const [one, two] = [await peer(1, 'node-1'), await peer(2, 'node-1')];
  const gateway = gatewayTo([one.url, two.url]);
  const { seen } = watch(gateway);
  const states = () => gateway.peers().map(({ state }) => state).sort().join(); // prettier-ignore
  await until(() => states() === 'refused,up');
  const refused = gateway.peers().find(({ state }) => state === 'refused')!;
  expect(refused.error).toContain('says its node is node-1');
  expect(seen().filter((frame) => frame.startsWith('hello'))).toHaveLength(1);
  expect(gateway.stats.refusals['duplicate']).toBeGreaterThan(0);
  const { body } = await createMetrics({ version: 'test', server: () => undefined, gateway }).body();
  expect(body).toContain('hoplens_peers{state="refused"} 1');
  expect(body).toMatch(/hoplens_peer_refused_total\{reason="duplicate"\} [1-9]/);
  expect(body).toContain('hoplens_peer_up{node="node-1"} 1');

  // Once the first has gone, the second may have the name.
  const [first, second] = refused.url === two.url ? [one, two] : [two, one];
  await first.stop();
  await until(() => gateway.peers().find(({ url }) => url === second.url)!.state === 'up');
});

it('a peer with our own name, or that is ourselves, is refused', async () => {
  const [namesake, self] = [await peer(1, 'node-0'), await peer(100, 'node-0')];
  const gateway = gatewayTo([namesake.url, self.url]);
  const { seen } = watch(gateway);
  await until(() => gateway.peers().every(({ state }) => state === 'refused'));
  expect(gateway.peers()[0].error).toContain('as ours is');
  expect(gateway.peers()[1].error).toContain('is this agent itself');
  expect(seen()).toEqual([]);
});

it('drops garbage, counts it, and gives up on a peer that goes on', async () => {
  const [bad, good] = [
    await impostor((send) => {
      send(helloFrame(5, 'node-5'));
      send('text');
      send(legsFrame(5, 1));
      send(new Uint8Array(100).fill(0xee));
      send(legsFrame(5, 2).subarray(0, 50));
      send(legsFrame(5, 3));
    }),
    await peer(1, 'node-1'),
  ];
  const gateway = gatewayTo([bad, good.url], { limits: { firstRetryMs: 60_000, longestRetryMs: 60_000 } });
  const { seen } = watch(gateway);
  await until(() => gateway.peers()[0].state === 'refused');
  expect(gateway.peers()[0].error).toContain('3 messages that are no frames');
  expect(gateway.stats.garbage).toBe(3);
  good.hub.push(legsFrame(1, 1));
  await until(() => seen().includes('legs 1/1'));
  expect(seen().filter((frame) => frame.includes(' 5/'))).toEqual(['hello 5/0', 'legs 5/1']);
});

it.each([
  ['a frame before its hello', legsFrame(5, 1), 'without its hello'],
  ['a hello that is none', new Uint8Array([...helloFrame(5, 'x').subarray(0, 24), ...helloFrame(5, 'x').subarray(24).fill(0x20)]), 'without a node'],
  ["another peer's stream", helloFrame(1, 'node-7'), 'is the same agent as'],
  ['a later version', helloFrame(5, 'x').fill(9, 4, 5), 'version 9'],
])('turns a peer away that sends %s', async (_what, frame, error) => {
  const good = await peer(1, 'node-1');
  let speak = (): void => {};
  const isReady = new Promise<void>((resolve) => (speak = resolve));
  const bad = await impostor((send) => void isReady.then(() => send(frame)));
  const gateway = gatewayTo([good.url, bad]);
  const { seen } = watch(gateway);
  await until(() => gateway.peers()[0].state === 'up');
  speak();
  await until(() => gateway.peers()[1].state === 'refused');
  expect(gateway.peers()[1].error).toContain(error);
  expect(gateway.peers()[0].state).toBe('up');
  expect(seen()).toEqual(['hello 1/0']);
}); // prettier-ignore

it('says when a peer wants another token', async () => {
  const token = 'the-right-token-of-peers';
  const hub = hubOf(1, 'node-1');
  const server: RunningServer = await serve(hub, { listen: { host: '0.0.0.0', port: 0 }, token });
  cleanups.push(() => server.stop());
  const url = `ws://127.0.0.1:${server.port}`;
  expect(await refusedWith(url + STREAM_PATH)).toBe(401);
  const [wrong, right] = [gatewayTo([url], { token: 'a-wrong-token-of-peers' }), gatewayTo([url], { token })];
  watch(wrong);
  watch(right);
  await until(() => wrong.peers()[0].state === 'refused' && right.peers()[0].state === 'up');
  expect(wrong.peers()[0].error).toContain('refused the token');
});

it('refuses an address that is none at once', () => {
  expect(() => gatewayTo(['ftp://x'])).toThrow('is not a ws:// or wss:// address');
  expect(() => gatewayTo(['ws://h:1/?token=x'])).toThrow('takes no user, password or query');
});

describe('peers that are found', () => {
  const states = (gateway: Gateway): string =>
    gateway.peers().map(({ node = '-', state }) => `${node} ${state}`).join(); // prettier-ignore
  const streams = (gateway: Gateway): string[] =>
    gateway.state().map(describeFrame).filter((frame) => frame.startsWith('hello')); // prettier-ignore

  it('come, go and come again while somebody reads; those of the options stay', async () => {
    const [one, two, three] = [await peer(1, 'node-1'), await peer(2, 'node-2'), await peer(3, 'node-3')];
    const gateway = gatewayTo([one.url]);
    gateway.found([one.url, two.url]);
    const { frames, seen } = watch(gateway);
    await until(() => states(gateway) === 'node-1 up,node-2 up');
    gateway.found([three.url]);
    expect(streams(gateway)).toEqual(['hello 1/0']);
    await until(() => states(gateway) === 'node-1 up,node-3 up');
    await until(() => two.server.stats.readers === 0);
    two.hub.push(legsFrame(2, 1));
    gateway.found([two.url, three.url]);
    await until(() => states(gateway) === 'node-1 up,node-3 up,node-2 up');
    gateway.found([]);
    await until(() => two.server.stats.readers === 0 && three.server.stats.readers === 0);
    expect(streams(gateway)).toEqual(['hello 1/0']);
    expect([one.server.stats.readersTotal, seen().includes('legs 2/1')]).toEqual([1, false]);
    const told = frames.map((frame) => decodeMessage(decodeFrame(frame))).filter(({ type }) => type === 'peers');
    expect(told.at(-1)).toMatchObject({ peers: [{ node: 'node-1', state: 'up' }] });
  });

  it('are connected to only while somebody reads', async () => {
    const one = await peer(1, 'node-1');
    const gateway = gatewayTo([]);
    gateway.found([one.url]);
    expect([states(gateway), one.server.stats.readersTotal]).toEqual(['- connecting', 0]);
    const { stop } = watch(gateway);
    await until(() => states(gateway) === 'node-1 up');
    stop();
    await until(() => one.server.stats.readers === 0);
    gateway.found([]);
    expect(gateway.peers()).toEqual([]);
  });

  it('are asked for the past once they are known', async () => {
    const one = await peer(1, 'node-1');
    const gateway = gatewayTo([], { peersKnown: () => Promise.resolve(gateway.found([one.url])) });
    expect(gateway.held.nodes()).toBe(0);
    await gateway.held.ready!();
    expect([gateway.held.nodes(), gateway.held.read({ fromAgeMs: 1000, toAgeMs: 0 }).length]).toEqual([1, 1]);
  });
});

it('knows where its peers answer the probe, while it is connected to them', async () => {
  const hub = createHub();
  hub.push(helloFrame(1, 'node-1', [], 0, { probePort: 9430 }));
  const server = await serve(hub);
  cleanups.push(() => server.stop());
  const without = await peer(2, 'node-2');
  const actives: boolean[] = [];
  const gateway = gatewayTo([server.url, without.url], { onActive: (isActive) => actives.push(isActive) });
  expect(gateway.probed()).toEqual([]);
  const { seen, stop } = watch(gateway);
  await until(() => seen().length === 2);
  expect(gateway.probed()).toEqual([{ node: 'node-1', address: '127.0.0.1', port: 9430 }]);
  stop();
  await until(() => actives.length === 2);
  expect(actives).toEqual([true, false]);
  expect(gateway.probed()).toEqual([]);
});

it.each([0, 65_536, 1.5, '9430', null])(
  'takes %j for no port to answer at, and the peer for what it is',
  async (port) => {
    const hub = createHub();
    hub.push(helloFrame(1, 'node-1', [], 0, { probePort: port as number }));
    const server = await serve(hub);
    cleanups.push(() => server.stop());
    const gateway = gatewayTo([server.url]);
    const { seen } = watch(gateway);
    await until(() => seen().length === 1);
    expect(gateway.peers()[0].state).toBe('up');
    expect(gateway.probed()).toEqual([]);
  },
);
