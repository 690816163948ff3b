/** Against a real HTTPS server that speaks list and watch, and breaks off, forgets and lies. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../server/testing.ts';
import { createApi, type ApiLimits } from './api.ts';
import { podsOf } from './resources.ts';
import { podObject, startApiServer, type TestApiServer } from './testing.ts';
import { startWatch, type Resource, type Watch, type WatchLimits } from './watch.ts';

const PODS = '/api/v1/pods';
let server: TestApiServer;
let watch: Watch<string> | undefined;
let said: string[];
let changes: number;

beforeEach(async () => {
  [said, changes] = [[], 0];
  server = await startApiServer();
});
afterEach(async () => {
  watch?.stop();
  watch = undefined;
  await server.stop();
});

/** Keeps of each pod its address. */
const addressOf = (object: unknown): string | undefined =>
  (object as ReturnType<typeof podObject>).status.podIP || undefined;

function follow(
  limits: Partial<WatchLimits> = {},
  api: Partial<ApiLimits> = {},
  resource: Partial<Resource> = {},
): void {
  watch = startWatch({
    api: createApi(server.account, api),
    resource: { ...podsOf('n1'), ...resource },
    read: addressOf,
    onChange: () => changes++,
    say: (line) => said.push(line),
    limits: { firstRetryMs: 2, longestRetryMs: 10, ...limits },
  });
}

const answer =
  (act: (response: ServerResponse) => unknown) =>
  (_: IncomingMessage, response: ServerResponse): boolean => {
    act(response);
    return true;
  };

const known = (): string => JSON.stringify(Object.fromEntries([...(watch!.values() ?? [])].sort()));
const put = (name: string, ip: string): void => server.put(PODS, podObject(name, ip));
const isKnown = async (expected: object): Promise<void> =>
  await until(() => known() === JSON.stringify(expected), `${JSON.stringify(expected)}, known is ${known()}`);
const isWatching = (): Promise<void> => until(() => server.watches() === 1);
const lists = (): string[] => server.asked.filter((path) => !path.includes('watch=true'));
const lastWatch = (): URLSearchParams =>
  new URL(
    server.asked.findLast((path) => path.includes('watch=true'))!,
    'https://server',
  ).searchParams;

describe('a watch', () => {
  it('lists once and follows from there: what comes, changes and goes', async () => {
    put('web-1', '10.0.0.1');
    follow();
    await isKnown({ 'shop/web-1': '10.0.0.1' });
    await isWatching();
    put('web-2', '10.0.0.2');
    put('web-1', '10.0.0.9');
    await isKnown({ 'shop/web-1': '10.0.0.9', 'shop/web-2': '10.0.0.2' });
    server.remove(PODS, 'web-1');
    put('web-2', '');
    await isKnown({});
    expect(lists()).toEqual([`${PODS}?fieldSelector=spec.nodeName%3Dn1&resourceVersion=0`]);
    expect(watch!.stats()).toEqual({ isUp: true, objects: 0, leftOut: 0, lists: 1, failures: 0 });
    expect(said).toEqual([]);
  });

  it('tells of changes in what is kept, and of nothing else', async () => {
    put('web-1', '10.0.0.1');
    follow();
    await isWatching();
    put('web-1', '10.0.0.1');
    put('web-2', '10.0.0.2');
    await isKnown({ 'shop/web-1': '10.0.0.1', 'shop/web-2': '10.0.0.2' });
    expect(changes).toBe(2);
  });

  it('reads a long list in pages', async () => {
    for (let at = 1; at <= 5; at++) put(`web-${at}`, `10.0.0.${at}`);
    follow({ pageObjects: 2 }, {}, { isCached: false });
    await until(() => watch!.values()?.size === 5);
    expect(lists().map((path) => new URL(path, 'https://server').searchParams.get('continue'))).toEqual([null, '2', '4']);
  });

  it.each(['ended', 'broken'] as const)('that has %s goes on where it was, without a list and without a word', async (how) => {
    put('web-1', '10.0.0.1');
    follow();
    await isWatching();
    server.bookmark(PODS);
    put('web-2', '10.0.0.2');
    await isKnown({ 'shop/web-1': '10.0.0.1', 'shop/web-2': '10.0.0.2' });
    server.drop(how);
    put('web-3', '10.0.0.3');
    await until(() => watch!.values()!.size === 3);
    expect(lists()).toHaveLength(1);
    expect(lastWatch().get('resourceVersion')).toBe('13');
    expect(said).toEqual([]);
  });

  it('that is told that all is forgotten lists anew, as new as can be, and drops what has gone', async () => {
    put('web-1', '10.0.0.1');
    put('web-2', '10.0.0.2');
    follow();
    await isWatching();
    server.instead = answer((response) => response.destroy());
    server.drop();
    server.remove(PODS, 'web-1');
    server.compact();
    server.instead = undefined;
    await isKnown({ 'shop/web-2': '10.0.0.2' });
    expect(lists()).toHaveLength(2);
    expect(lists()[1]).not.toContain('resourceVersion=0');
    await isWatching();
  });

  it('takes events that are cut anywhere', async () => {
    follow();
    await isWatching();
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: { ...podObject('wäb', '10.0.0.1'), metadata: { name: 'wäb', namespace: 'shop', resourceVersion: '77' } } })}\n`);
    for (const byte of bytes) server.write(PODS, Buffer.from([byte]));
    await isKnown({ 'shop/wäb': '10.0.0.1' });
    server.drop();
    await until(() => lastWatch().get('resourceVersion') === '77');
  });
}); // prettier-ignore

describe('trouble', () => {
  const refuse = (code: number, message: string, headers: Record<string, string> = {}) =>
    answer((response) => response.writeHead(code, headers).end(JSON.stringify({ kind: 'Status', code, message })));

  it.each([
    ['no JSON', 'nonsense\n', 'sent an event that is no JSON'],
    ['none', '{"type":"SURPRISE"}\n', 'sent an event that is none'],
    ['of an object without a version', '{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n', 'sent an object that is none'],
    ['an error', '{"type":"ERROR","object":{"code":500,"message":"etcd\\u001b is gone"}}\n', 'cannot answer now (etcd\\u{1b} is gone)'],
  ])('an event that is %s is said, and all is well again after it', async (_, line, sentence) => {
    put('web-1', '10.0.0.1');
    follow();
    await isWatching();
    server.write(PODS, line);
    await until(() => said.length === 2);
    expect(said[0]).toContain(`pods of node n1: the API server ${sentence}`);
    expect(said[0]).toContain('; what is known stays');
    expect(said[1]).toBe('pods of node n1: the API server answers again');
    await isWatching();
    put('web-2', '10.0.0.2');
    await isKnown({ 'shop/web-1': '10.0.0.1', 'shop/web-2': '10.0.0.2' });
  });

  it('of a server that is away is said once, what is known stays, and its metric shows it', async () => {
    put('web-1', '10.0.0.1');
    follow();
    await isWatching();
    const before = server.asked.length;
    server.instead = answer((response) => response.destroy());
    server.drop();
    await until(() => server.asked.length > before + 5);
    await isKnown({ 'shop/web-1': '10.0.0.1' });
    expect(watch!.stats()).toMatchObject({ isUp: false, objects: 1 });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/the API server 127\.0\.0\.1:\d+ cannot be reached \(.+\); what is known stays$/);
    server.instead = undefined;
    await until(() => watch!.stats().isUp);
    expect(lists()).toHaveLength(1);
  });

  it('of a rule that is missing names it', async () => {
    server.instead = refuse(403, 'pods is forbidden: User "system:serviceaccount:x:hoplens" cannot list');
    follow();
    await watch!.begun;
    expect(said[0]).toContain("its ClusterRole wants the rule { apiGroups: [''], resources: [pods], verbs: [list, watch] } (pods is forbidden");
    expect(said[0]).toContain('; going on without');
    expect(watch!.values()).toBeUndefined();
    server.instead = undefined;
    await isKnown({});
  });

  it('of a token: the next question has the one that is there by then', async () => {
    put('web-1', '10.0.0.1');
    follow();
    await isWatching();
    server.rotateToken();
    server.drop();
    put('web-2', '10.0.0.2');
    await until(() => watch!.values()!.size === 2);
    expect(said).toEqual([]);
    server.instead = refuse(401, 'Unauthorized');
    server.drop();
    await until(() => said.length === 1);
    expect(said[0]).toContain("does not accept the ServiceAccount's token");
  });

  it('of other kinds is said as the server says it', async () => {
    server.instead = refuse(400, 'unable to parse requirement: <nil>');
    follow();
    await until(() => said.length === 1);
    expect(said[0]).toContain('refuses: unable to parse requirement: <nil>');
  });

  it('of a server that wants to be left alone is minded', async () => {
    server.instead = refuse(429, 'too many requests', { 'retry-after': '3600' });
    follow();
    await watch!.begun;
    server.instead = undefined;
    // It would have asked many times by now: an hour is cut to a minute, which is more than this test has.
    const other = await startApiServer();
    for (let at = 0; at < 20; at++) await fetchOnce(other);
    await other.stop();
    expect(server.asked).toHaveLength(1);
  });

  it('of an answer without end is cut off', async () => {
    server.instead = answer((response) => {
      response.writeHead(200);
      const more = (): void => void (response.destroyed || response.write('x'.repeat(10_000), more));
      more();
    });
    follow({}, { answerBytes: 100_000 });
    await until(() => said.length === 1);
    expect(said[0]).toContain('answered with more than 100000 bytes');
  });

  it('of a line without end too', async () => {
    follow({}, { lineBytes: 1000 });
    await isWatching();
    server.write(PODS, 'x'.repeat(2000));
    await until(() => said.length > 0);
    expect(said[0]).toContain('sent a line of more than 1000 bytes');
  });

  it('of a server that does not answer is found', async () => {
    server.instead = () => true;
    follow({}, { beginMs: 20 });
    await until(() => said.length === 1);
    expect(said[0]).toContain('did not answer within 0.02 s');
  });

  it('of one that does not end its answer too', async () => {
    server.instead = answer((response) => response.writeHead(200).write('{'));
    follow({}, { wholeMs: 50 });
    await until(() => said.length === 1);
    expect(said[0]).toContain('did not end its answer within 0.05 s');
  });

  it('of too many objects: the first stay, the others are counted', async () => {
    for (let at = 1; at <= 5; at++) put(`web-${at}`, `10.0.0.${at}`);
    follow({ objects: 3 });
    await isWatching();
    expect(watch!.stats()).toMatchObject({ objects: 3, leftOut: 2 });
    put('web-6', '10.0.0.6');
    await until(() => watch!.stats().leftOut === 3);
    put('web-1', '10.0.0.9');
    await isKnown({ 'shop/web-1': '10.0.0.9', 'shop/web-2': '10.0.0.2', 'shop/web-3': '10.0.0.3' });
  });

  it('ends with the watch', async () => {
    follow();
    await isWatching();
    watch!.stop();
    await until(() => server.watches() === 0);
    server.put(PODS, podObject('web-1', '10.0.0.1'));
    expect([changes, said]).toEqual([1, []]);
  });
}); // prettier-ignore

/** A whole round trip, which takes longer than the shortest pause. */
const fetchOnce = (other: TestApiServer): Promise<string> =>
  createApi(other.account).text(PODS, new AbortController().signal);
