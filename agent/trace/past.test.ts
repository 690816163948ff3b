/** What agents keep of the past, as trace tells it. */
import { afterEach, describe, expect, it } from 'vitest';
import { pastOf } from '../history/past.ts';
import { createRecorder } from '../history/recorder.ts';
import type { JsonPath } from '../paths/json.ts';
import { createHub, type FrameSource } from '../server/source.ts';
import { describeFrame, helloFrame, legsFrame, serve, statusFrame, until } from '../server/testing.ts';
import { createFeed } from './feed.ts';
import type { TraceOptions } from './options.ts';
import { runTrace } from './run.ts';
import { framesOfPings, pastFeed, ping } from './testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An agent that has sent three frames; `keeps`: and recorded them. */
async function agentWith(keeps: boolean) {
  const hub = createHub();
  const recorder = createRecorder({ ms: 60_000, bytes: 1 << 20 });
  const source: FrameSource = { ...hub, held: { nodes: () => 1, read: (span) => [pastOf(recorder, 'a', span)] } };
  const push = (frame: Uint8Array): void => {
    recorder.push(frame, performance.now());
    hub.push(frame);
  };
  for (const frame of [helloFrame(1, 'a'), statusFrame(1, 1, 1000), legsFrame(1, 2, 8, 4000)]) push(frame);
  const server = await serve(keeps ? source : hub);
  cleanups.push(() => server.stop());
  return { url: server.url, push, server };
}

function read(address: string) {
  const frames: { name: string; atMs: number; isPast: boolean }[] = [];
  const said: string[] = [];
  const feed = createFeed({ address, token: undefined, sinceMs: 60_000 });
  feed.start(
    (bytes, atMs = NaN) => frames.push({ name: describeFrame(bytes), atMs, isPast: feed.isPast!() }),
    () => {},
    (line) => said.push(line),
  );
  cleanups.push(() => feed.stop());
  return { frames, said, names: () => frames.map(({ name }) => name) };
}

describe('a feed', () => {
  it('begins with the past, each frame at its time, and goes on live', async () => {
    const { url, push } = await agentWith(true);
    const { frames, said, names } = read(url);
    await until(() => frames.length >= 3);
    push(legsFrame(1, 3, 8, 4100));
    await until(() => frames.length === 4);
    expect(names()).toEqual(['hello 1/0', 'status 1/1', 'legs 1/2', 'legs 1/3']);
    expect(frames[2].atMs - frames[1].atMs).toBeCloseTo(3000);
    expect(frames.map(({ isPast }) => isPast)).toEqual([true, true, true, false]);
    expect(said).toEqual([]);
  });

  it('says where no past is kept', async () => {
    const { url } = await agentWith(false);
    const { frames, said } = read(url);
    await until(() => frames.length > 0);
    expect(frames[0].isPast).toBe(false);
    expect(said).toEqual(['nothing of the past is kept there; beginning now']);
  });
});

async function trace(options: Partial<TraceOptions>): Promise<{ code: number; paths: JsonPath[]; log: string[] }> {
  const pings = Array.from({ length: 300 }, (_, i) => [0, 1].flatMap((from) => ping(i, from, i * 1e7 + from * 5e5))).flat(); // prettier-ignore
  const log: string[] = [];
  let text = '';
  const output = { write: (part: string) => (text += part), isTTY: false, columns: 80, rows: 24 };
  const feed = pastFeed(framesOfPings(pings, 4000));
  const code = await runTrace({ feed, json: true, output, log: (line) => log.push(line), ...options });
  const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string }); // prettier-ignore
  return { code, log, paths: lines.slice(0, -1) as JsonPath[] };
}

describe('trace', () => {
  it('of the past alone tells what was after all had told how they stand', async () => {
    const { code, log, paths } = await trace({ forMs: 0 });
    expect(code).toBe(0);
    expect(log).toEqual([expect.stringMatching(/^the past that is held there begins [23](\.\d+)? s ago$/)]);
    // Two statuses are there after a second, the pings end after three.
    expect(paths.length).toBeGreaterThanOrEqual(360);
    expect(paths.length).toBeLessThanOrEqual(400);
    expect(new Set(paths.map(({ verdict }) => verdict))).toEqual(new Set(['delivered']));
  });

  it('counts from the oldest on', async () => {
    const { paths } = await trace({ count: 3 });
    expect(paths).toHaveLength(3);
  });
});
