/** The recorded demo as the past of a stream: a page that is opened now shows what one that was open all the time does. */
import { beforeAll, expect, test } from 'vitest';
import { RECORDING } from '../../../test/fixtures/recording.ts';
import { historyFrame } from '../../../agent/history/past.ts';
import { createPace } from '../../../agent/recording/pace.ts';
import { readFrames } from '../../../agent/recording/reader.ts';
import { framePlace } from '../../../agent/server/source.ts';
import { FrameType } from '../../../agent/wire/frame.ts';
import type { HistoryMessage } from '../../../agent/wire/messages.ts';
import type { View } from './messages.ts';
import { createPlayer, type Player } from './player.ts';
import { rowsOf, type ShownRows } from './testing.ts';

const START_MS = 1.7e12;
const SECONDS = 18;
const NOW_MS = START_MS + SECONDS * 1000;

let frames: { bytes: Uint8Array; atMs: number }[];
/** What each stream's clock shows at NOW_MS. */
let streams: HistoryMessage['streams'];

beforeAll(async () => {
  frames = [];
  const dueMs = createPace();
  const moments = new Map<number, number>();
  for await (const bytes of readFrames(RECORDING)) {
    const { type, stream, timeMs } = framePlace(bytes);
    const atMs = START_MS + dueMs(bytes);
    if (type === FrameType.legs && !moments.has(stream)) moments.set(stream, timeMs + NOW_MS - atMs);
    if (atMs <= NOW_MS) frames.push({ bytes, atMs });
  }
  streams = Array.from(moments, ([stream, timeMs]) => ({ stream, node: '', timeMs }));
});

function live(): Player {
  const player = createPlayer();
  let at = 0;
  for (let nowMs = START_MS; nowMs <= NOW_MS; nowMs += 100) {
    for (; at < frames.length && frames[at].atMs <= nowMs; at++) player.frame(frames[at].bytes, frames[at].atMs);
    player.tick(nowMs);
  }
  return player;
}

function newcomer(): Player {
  const player = createPlayer();
  player.frame(historyFrame(streams, 0, false), NOW_MS);
  for (const { bytes } of frames) player.frame(bytes, NOW_MS);
  return player;
}

const lookAt = ({ session }: Player): View & { rows: ShownRows } => {
  session.choose({ window: 60 });
  return { ...session.view(NOW_MS), rows: rowsOf(session, NOW_MS) };
};

test('a newcomer sees the rows, the seconds and the counts of the past in their own time', () => {
  const [old, now] = [lookAt(live()), lookAt(newcomer())];
  const joined = ({ rows }: { rows: ShownRows }): Map<string, number> =>
    new Map([...rows].map(([name, { figures }]) => [name, figures.joined]));
  const expected = joined(old);
  expect(expected.size).toBeGreaterThan(4);
  expect([...joined(now).keys()].sort()).toEqual([...expected.keys()].sort());
  // The first second or two differ: the recording's own first status stands where nothing had been said yet.
  for (const [name, count] of joined(now)) expect(Math.abs(count - expected.get(name)!)).toBeLessThanOrEqual(0.2 * expected.get(name)! + 3); // prettier-ignore
  expect(now.heldSeconds).toBeGreaterThan(10);
  expect(now.counters.lostByUs).toBe(old.counters.lostByUs);
  expect(now.nodes.map(({ name, state }) => `${name} ${state}`)).toEqual(['n1 up', 'n2 up']);
  expect(now.insight!.findings).toEqual(old.insight!.findings);
  expect(now.insight!.basis.paths).toBe(old.insight!.basis.paths);
});

test('its time runs with the past until the stream is live', () => {
  const player = newcomer();
  expect(player.isFresh()).toBe(false);
  expect(player.nowMs(NOW_MS + 5000)).toBeLessThanOrEqual(NOW_MS);
  player.tick(NOW_MS + 60_000);
  expect(player.session.view(NOW_MS).nodes.map(({ state }) => state)).toEqual(['up', 'up']);
  player.frame(historyFrame([], 0, true), NOW_MS + 100);
  expect(player.nowMs(NOW_MS + 200)).toBe(NOW_MS + 200);
});

test('a past that breaks off leaves a session that goes on', () => {
  const player = newcomer();
  player.down();
  expect(player.nowMs(NOW_MS + 5000)).toBe(NOW_MS + 5000);
});

test('a file without any time has none at its end either', () => {
  const player = createPlayer();
  player.fileFrame(frames[0].bytes);
  player.end();
  const { atMs, heldSeconds, list } = player.session.view(player.nowMs(NOW_MS));
  expect([atMs, heldSeconds, list.paths]).toEqual([NOW_MS, 0, 0]);
});
