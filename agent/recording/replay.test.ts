import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { connectStream, type StreamState } from '../client/stream.ts';
import { createGateway } from '../server/gateway.ts';
import { describeFrame, helloFrame, legsFrame, statusFrame, until } from '../server/testing.ts';
import { historyFrame } from '../history/past.ts';
import { FrameType, encodeFrame } from '../wire/frame.ts';
import { createPace } from './pace.ts';
import { runReplay, type ReplayOptions } from './replay.ts';
import { runRecord } from './record.ts';

const folder = mkdtempSync(join(tmpdir(), 'hoplens-replay-'));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function recording(...parts: Uint8Array[]): string {
  const path = join(folder, `recording-${files++}`);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/** A replay that listens already. */
async function replay(file: string, options: Partial<ReplayOptions> = {}) {
  const said: string[] = [];
  const controller = new AbortController();
  let url: string | undefined;
  const code = runReplay({
    file, listen: '127.0.0.1:0', version: 'test', signal: controller.signal, say: (line) => said.push(line),
    onListening: (server) => (url = server.url), ...options,
  }); // prettier-ignore
  cleanups.push(() => {
    controller.abort();
    return code;
  });
  await Promise.race([until(() => url !== undefined, 'listening'), code]);
  return { said, code, url: url ?? '', stop: () => controller.abort() };
}

function read(address: string) {
  const frames: Uint8Array[] = [];
  const states: StreamState[] = [];
  const stream = connectStream({ address, scope: 'cluster', retry: 'always', onFrame: (f) => frames.push(f), onState: (s) => states.push(s) }); // prettier-ignore
  cleanups.push(() => stream.close());
  return { frames, states, seen: () => frames.map(describeFrame) };
}

const session = [
  helloFrame(1, 'node-1'),
  helloFrame(2, 'node-2'),
  legsFrame(1, 1, 4096, 5000),
  statusFrame(2, 1, 90_000),
  legsFrame(1, 2, 64, 5200),
  legsFrame(2, 2, 64, 90_400),
];

describe('a replay', () => {
  it('serves what was recorded, byte for byte, then ends', async () => {
    const file = recording(...session);
    const { said, code, url } = await replay(file);
    const first = read(url);
    expect(await code).toBe(0);
    await until(() => first.states.at(-1)?.state === 'ended');
    expect(Buffer.compare(Buffer.concat(first.frames), Buffer.concat(session))).toBe(0);
    expect(first.states.at(-1)).toEqual({ state: 'ended' });
    expect(said.at(-1)).toBe(`played 6 frames, ${Buffer.concat(session).length} bytes`);
  });

  it('recorded again is the same file', async () => {
    const file = recording(...session);
    const { url, code } = await replay(file, { speed: 10 });
    const out = join(folder, 'again');
    expect(await runRecord({ out, gateway: url, say: () => {} })).toBe(0);
    expect(await code).toBe(0);
    const { readFileSync } = await import('node:fs');
    expect(Buffer.compare(readFileSync(out), readFileSync(file))).toBe(0);
  });

  it('keeps the recorded pace, and plays faster when asked', async () => {
    const slow = await replay(recording(helloFrame(1, 'a'), legsFrame(1, 1, 8, 0), legsFrame(1, 2, 8, 400)));
    read(slow.url);
    const startedMs = performance.now();
    await slow.code;
    // It may be late, never early.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(390);
    const hour = await replay(recording(helloFrame(1, 'a'), legsFrame(1, 1, 8, 0), legsFrame(1, 2, 8, 3_600_000)), {
      speed: 1e9,
    });
    const { seen } = read(hour.url);
    expect(await hour.code).toBe(0);
    await until(() => seen().length === 3);
  });

  it('waits for a reader that is slow but reads, however fast it plays', async () => {
    const frames = Array.from({ length: 300 }, (_, i) => legsFrame(1, i + 1, 256 << 10, i));
    const { url, code } = await replay(recording(helloFrame(1, 'a'), ...frames), { speed: 1e6 });
    const seen: string[] = [];
    const stream = connectStream({
      address: url, scope: 'cluster', retry: 'always',
      onFrame(frame) {
        seen.push(describeFrame(frame));
        stream.pause();
        setTimeout(() => stream.resume(), 4);
      },
    }); // prettier-ignore
    cleanups.push(() => stream.close());
    expect(await code).toBe(0);
    await until(() => seen.length === 301);
    expect(seen.at(-1)).toBe('legs 1/300');
  });

  it('loops as streams of agents that were started again', async () => {
    const { url, stop, code } = await replay(recording(helloFrame(7, 'a'), legsFrame(7, 1, 8, 20)), {
      loop: true,
      speed: 1,
    });
    const { seen } = read(url);
    await until(() => seen().length >= 6);
    stop();
    expect(await code).toBe(0);
    expect(seen().slice(0, 6)).toEqual(['hello 7/0', 'legs 7/1', 'hello 8/0', 'legs 8/1', 'hello 9/0', 'legs 9/1']);
  });

  it('can be the peer of a gateway', async () => {
    const { url } = await replay(recording(...session));
    const gateway = createGateway({ peers: [url], node: 'node-0', ownStream: () => undefined });
    cleanups.push(() => gateway.stop());
    const seen: string[] = [];
    gateway.subscribe((frame) => seen.push(describeFrame(frame)));
    await until(() => seen.includes('legs 2/2'));
    expect(seen).toContain('legs 1/2');
    expect(gateway.stats.garbage).toBe(0);
  });

  it('of a file that was cut off plays what is there and names the rest', async () => {
    const whole = Buffer.concat(session);
    const { url, code, said } = await replay(recording(whole.subarray(0, whole.length - 10)));
    const { seen, states } = read(url);
    expect(await code).toBe(1);
    await until(() => states.at(-1)?.state === 'ended');
    expect(seen()).toEqual(session.slice(0, -1).map(describeFrame));
    expect(said.some((line) => /is cut off at byte \d+: only 78 bytes of a frame of 88 bytes/.test(line))).toBe(true);
  });

  it.each([
    ['no recording', Buffer.from('something else that somebody had lying about'), /is no recording of hoplens/],
    ['of another version', helloFrame(1, 'a').fill(9, 4, 5), /frame of version 9/],
    ['empty', new Uint8Array(0), /is empty/],
  ])('does not even listen when the file is %s', async (_what, bytes, message) => {
    const { code, said, url } = await replay(recording(bytes));
    expect(await code).toBe(1);
    expect(said).toEqual([expect.stringMatching(message)]);
    expect(url).toBe('');
  });

  it('says when its port is taken, and what it was asked wrongly', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => other.close());
    const { port } = other.address() as { port: number };
    const file = recording(...session);
    const taken = await replay(file, { listen: `127.0.0.1:${port}` });
    expect([await taken.code, taken.said[0]]).toEqual([1, expect.stringContaining('another program does')]);
    for (const options of [{ listen: 'nonsense' }, { listen: '0.0.0.0:0' }, { speed: 0 }, { tokenFile: '/none' }]) {
      expect(await (await replay(file, options)).code).toBe(2);
    }
  });
});

describe('pace', () => {
  it('never goes back, and steps as each stream does', () => {
    const frame = fc.record({
      type: fc.constantFrom(...Object.values(FrameType).filter((type) => type !== FrameType.history)),
      stream: fc.nat(2),
      timeMs: fc.nat(10_000),
    });
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const due = createPace();
        const times = frames.map((each) => due(encodeFrame({ ...each, sequence: 0 }, new Uint8Array(0))));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  it('places a stream that comes later where it stands, and ignores the age of state', () => {
    const due = createPace();
    const at = (type: FrameType, stream: number, timeMs: number): number =>
      due(encodeFrame({ type, stream, timeMs, sequence: 0 }, new Uint8Array(0)));
    const { hello, legs, devices, status } = FrameType;
    expect([at(hello, 1, 0), at(legs, 1, 3_600_000), at(legs, 1, 3_600_100)]).toEqual([0, 0, 100]);
    expect([at(hello, 2, 0), at(devices, 2, 9_000), at(status, 2, 50), at(legs, 2, 80)]).toEqual([100, 100, 100, 130]);
    expect(at(legs, 1, 3_600_150)).toBe(150);
  });

  it('places streams by the moment that a snapshot tells', () => {
    const due = createPace();
    const moments = [1, 2].map((stream) => ({ stream, node: `n${stream}`, timeMs: stream * 100_000 }));
    const at = (stream: number, timeMs: number): number => due(legsFrame(stream, 1, 8, timeMs));
    expect(due(historyFrame(moments, 0, false))).toBe(0);
    expect([at(1, 99_000), at(2, 199_700), at(1, 99_800), at(3, 5), at(2, 200_000)]).toEqual([0, 700, 800, 800, 1000]);
  });
});
