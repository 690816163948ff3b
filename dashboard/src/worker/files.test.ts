/** Files in the worker: the recorded demo opened as one, and files that are none. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { framesOf, pseudonymized, takeSnapshot } from './files.ts';
import { createPlayer } from './player.ts';

const RECORDING = readFileSync(fileURLToPath(new URL('../../../test/fixtures/demo.hoplens', import.meta.url)));

async function play(file: Blob) {
  const player = createPlayer();
  for await (const frame of framesOf(file, 'demo.hoplens')) player.fileFrame(frame);
  player.end();
  return player.session.view(player.nowMs(0));
}

test('a recording is shown to its end, in the time in which it was made', async () => {
  const view = await play(new Blob([RECORDING]));
  expect(view.rows.ids.length).toBeGreaterThan(4);
  expect(view.nodes.map(({ name, state }) => `${name} ${state}`)).toEqual(['n1 up', 'n2 up']);
  const startedMs = Date.parse(view.nodes[0].startedAt);
  expect(view.atMs - startedMs).toBeGreaterThan(10_000);
  expect(view.atMs - startedMs).toBeLessThan(120_000);
});

test('under pseudonyms it shows as many paths', async () => {
  const [before, after] = [await play(new Blob([RECORDING])), await play(await pseudonymized(new Blob([RECORDING])))];
  expect(after.rows.joined).toEqual(before.rows.joined);
  expect(after.shapes.every(({ name }) => !name.includes('10.244.'))).toBe(true);
});

test.each([
  ['nothing', Buffer.alloc(0), /a is empty/, 0],
  ['a picture', Buffer.from('GIF89a, and more than a header'), /a is no recording of hoplens.*not a hoplens frame/, 0],
  ['one that is cut off', RECORDING.subarray(0, 5000), /a is damaged: cut off.*What stands before is shown/, 1],
])('a file of %s says so', async (_what, bytes, says, least) => {
  let frames = 0;
  const read = async (): Promise<void> => {
    for await (const frame of framesOf(new Blob([new Uint8Array(bytes)]), 'a')) frames += frame.length > 0 ? 1 : 0;
  };
  await expect(read()).rejects.toThrow(says);
  expect(frames).toBeGreaterThanOrEqual(least);
});

test('a snapshot of an agent that is not there says so', async () => {
  const wanted = { base: 'http://127.0.0.1:1/', token: undefined, span: { from: 0, to: 1 }, pseudonymize: false };
  await expect(takeSnapshot(wanted, 5000)).rejects.toThrow(/^No snapshot: /);
});
