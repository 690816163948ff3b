/** Files in the worker: the recorded demo opened as one, and files that are none. */
import { mkdtempSync, openAsBlob, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RECORDING } from '../../../test/fixtures/recording.ts';
import { FileError, framesOf, pseudonymized, takeSnapshot } from './files.ts';
import { createPlayer } from './player.ts';
import { rowsOf } from './testing.ts';

const recording = readFileSync(RECORDING);

async function play(file: Blob) {
  const player = createPlayer();
  for await (const frame of framesOf(file, 'demo.hoplens')) player.fileFrame(frame);
  player.end();
  const nowMs = player.nowMs(0);
  return { ...player.session.view(nowMs), rows: rowsOf(player.session, nowMs) };
}

test('a recording is shown to its end, in the time in which it was made', async () => {
  const view = await play(new Blob([recording]));
  expect(view.rows.size).toBeGreaterThan(4);
  expect(view.nodes.map(({ name, state }) => `${name} ${state}`)).toEqual(['n1 up', 'n2 up']);
  const startedMs = Date.parse(view.nodes[0].startedAt);
  expect(view.atMs - startedMs).toBeGreaterThan(10_000);
  expect(view.atMs - startedMs).toBeLessThan(120_000);
});

test('under pseudonyms it shows as many paths', async () => {
  const [before, after] = [await play(new Blob([recording])), await play(await pseudonymized(new Blob([recording])))];
  const counts = ({ rows }: typeof before): number[] =>
    [...rows.values()].map(({ figures }) => figures.joined).toSorted();
  expect(counts(after)).toEqual(counts(before));
  expect([...after.rows.keys()].every((name) => !name.includes('10.244.'))).toBe(true);
});

test.each([
  ['nothing', Buffer.alloc(0), /a is empty/, 0],
  ['a picture', Buffer.from('GIF89a, and more than a header'), /a is no recording of hoplens.*not a hoplens frame/, 0],
  ['one that is cut off', recording.subarray(0, 5000), /a is damaged: cut off.*What stands before is shown/, 1],
])('a file of %s says so', async (_what, bytes, says, least) => {
  let frames = 0;
  const read = async (): Promise<void> => {
    for await (const frame of framesOf(new Blob([new Uint8Array(bytes)]), 'a')) frames += frame.length > 0 ? 1 : 0;
  };
  await expect(read()).rejects.toThrow(says);
  expect(frames).toBeGreaterThanOrEqual(least);
});

test('a file that changed under it says so', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hoplens-files-'));
  try {
    writeFileSync(join(directory, 'a'), recording);
    const file = await openAsBlob(join(directory, 'a'));
    rmSync(join(directory, 'a'));
    const read = async (): Promise<void> => {
      for await (const frame of framesOf(file, 'a')) expect(frame.length).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toThrow(/^a cannot be read: .*\w\.$/);
    await expect(read()).rejects.toThrow(FileError);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a snapshot is asked for by ages, with what verdicts want behind it', async () => {
  let asked: string | undefined;
  const server = createServer(({ url }, response) => {
    asked = url;
    response.end(recording);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const wanted = { base, token: undefined, span: { from: 100, to: 110 }, pseudonymize: false };
    expect((await takeSnapshot(wanted, 130_000)).size).toBe(recording.length);
    expect(asked).toMatch(/^\/v1\/snapshot\?from=-30000ms&to=-13000ms&bytes=\d+$/);
    await takeSnapshot(wanted, 112_000);
    expect(asked).toMatch(/^\/v1\/snapshot\?from=-12000ms&bytes=\d+$/);
  } finally {
    server.close();
  }
});

test('a snapshot of an agent that is not there says so', async () => {
  const wanted = { base: 'http://127.0.0.1:1/', token: undefined, span: { from: 0, to: 1 }, pseudonymize: false };
  await expect(takeSnapshot(wanted, 5000)).rejects.toThrow(/^No snapshot: /);
});
