import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pastOf } from '../history/past.ts';
import { createRecorder } from '../history/recorder.ts';
import { createHub } from '../server/source.ts';
import { describeFrame, helloFrame, legsFrame, serve, statusFrame } from '../server/testing.ts';
import { readFrames } from './reader.ts';
import { runSnapshot, type SnapshotCommand } from './snapshot.ts';

const cleanups: (() => unknown)[] = [];
let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoplens-snapshot-'));
  out = join(folder, 'a.hoplens');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true });
});

/** An agent that holds a status every ten seconds of the last minute, and legs behind each. */
async function agent(frames = 12, node = 'node-1') {
  const recorder = createRecorder({ ms: 600_000, bytes: 1 << 20 });
  const nowMs = performance.now();
  if (frames > 0) recorder.push(helloFrame(1, node), nowMs - 60_000);
  for (let at = 1; at <= frames; at++) {
    const frame = at % 2 === 1 ? statusFrame(1, at, at * 5000) : legsFrame(1, at, 64, at * 5000);
    recorder.push(frame, nowMs - 60_000 + at * 5000);
  }
  const held = { nodes: () => 1, read: (span: Parameters<typeof recorder.open>[0]) => [pastOf(recorder, node, span)] };
  const server = await serve({ ...createHub(), held });
  cleanups.push(() => server.stop());
  return server.url;
}

async function snapshot(gateway: string, options: Partial<SnapshotCommand> = {}) {
  const said: string[] = [];
  const code = await runSnapshot({ out, gateway, say: (line) => said.push(line), ...options });
  return { code, said };
}

async function written(): Promise<string[]> {
  const frames: string[] = [];
  for await (const frame of readFrames(out)) frames.push(describeFrame(frame));
  return frames;
}

it('is a file of all that is held', async () => {
  const { code, said } = await snapshot(await agent());
  expect([code, said]).toEqual([0, [expect.stringMatching(/: 14 frames, \d+ bytes, nodes: node-1$/)]]);
  const rest = Array.from({ length: 12 }, (_, at) => `${at % 2 === 0 ? 'status' : 'legs'} 1/${at + 1}`);
  expect(await written()).toEqual(['history 0/0', 'hello 1/0', ...rest]);
});

it('of a time begins with the status before it', async () => {
  await snapshot(await agent(), { lastMs: 16_000 });
  expect(await written()).toEqual(['history 0/0', 'hello 1/0', 'status 1/9', 'legs 1/10', 'status 1/11', 'legs 1/12']);
});

it('never replaces a file unasked, nor for nothing', async () => {
  const url = await agent();
  writeFileSync(out, 'precious');
  expect((await snapshot(url)).code).toBe(2);
  expect((await snapshot(await agent(0), { force: true })).said).toEqual([
    expect.stringContaining('holds nothing yet'),
  ]);
  expect((await snapshot('127.0.0.1:1', { force: true })).code).toBe(1);
  expect(readFileSync(out, 'utf8')).toBe('precious');
  expect((await snapshot(url, { force: true })).code).toBe(0);
  expect(await written()).toHaveLength(14);
});

it('under pseudonyms names no node', async () => {
  const { code } = await snapshot(await agent(12, 'frankfurt'), { pseudonymize: true });
  expect(code).toBe(0);
  // Its legs are none, so they cannot be cleared of names.
  expect(await written()).toHaveLength(8);
  expect(readFileSync(out, 'latin1')).not.toContain('frankfurt');
});

it('of an agent that is not there leaves no file', async () => {
  expect(await snapshot('127.0.0.1:1')).toEqual({ code: 1, said: [expect.stringContaining('nobody listens')] });
  expect(existsSync(out)).toBe(false);
});
