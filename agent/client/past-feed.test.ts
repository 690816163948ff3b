import { expect, it } from 'vitest';
import { historyFrame } from '../history/past.ts';
import { describeFrame, helloFrame, legsFrame, statusFrame } from '../server/testing.ts';
import { createFileFeed, createPastClock, createPastFeed, type Take } from './past-feed.ts';

function taken() {
  const seen: [string, number][] = [];
  const take: Take = (frame, atMs) => void seen.push([describeFrame(frame), atMs]);
  return { seen, take };
}

it('frames between history messages take their own times, others that of their coming', () => {
  const { seen, take } = taken();
  const feed = createPastFeed(take);
  feed.push(historyFrame([{ stream: 1, node: 'a', timeMs: 9000 }, { stream: 2, node: 'b', timeMs: 500 }], 77, false), 50_000); // prettier-ignore
  expect(feed.isPast()).toBe(true);
  for (const frame of [helloFrame(1, 'a'), statusFrame(1, 1, 5000), helloFrame(2, 'b'), legsFrame(2, 1, 8, 100), legsFrame(1, 2, 8, 8700), legsFrame(2, 2, 8, 600)]) feed.push(frame, 50_050); // prettier-ignore
  feed.push(historyFrame([], 78, true), 50_060);
  expect(feed.isPast()).toBe(false);
  feed.push(legsFrame(1, 3, 8, 9100), 50_100);
  expect(seen).toEqual([
    ['hello 1/0', 46_000], ['status 1/1', 46_000], ['hello 2/0', 46_000], ['legs 2/1', 49_600], ['legs 1/2', 49_700],
    ['legs 2/2', 50_050], ['legs 1/3', 50_100],
  ]); // prettier-ignore
});

it('a past of state alone is handed over when the stream is live', () => {
  const { seen, take } = taken();
  const feed = createPastFeed(take);
  const frames = [historyFrame([{ stream: 1, node: 'a', timeMs: 1 }], 0, false), helloFrame(1, 'a'), historyFrame([], 0, true)]; // prettier-ignore
  for (const frame of frames) feed.push(frame, 5);
  expect(seen).toEqual([['hello 1/0', 5]]);
});

it('a stream without history, or one that broke within it, is live', () => {
  const { seen, take } = taken();
  const feed = createPastFeed(take);
  feed.push(helloFrame(1, 'a'), 10);
  feed.push(historyFrame([{ stream: 1, node: 'a', timeMs: 1 }], 0, false), 20);
  feed.stop();
  feed.push(statusFrame(1, 1), 30);
  expect(seen).toEqual([['hello 1/0', 10], ['status 1/1', 30]]); // prettier-ignore
});

it('a file takes the wall clock: of its snapshot, or of the start of its agents', () => {
  const wallMs = Date.parse('2026-11-26T03:12:00Z');
  const snapshot = taken();
  const file = createFileFeed(snapshot.take);
  for (const frame of [historyFrame([{ stream: 1, node: 'a', timeMs: 9000 }], wallMs, false), helloFrame(1, 'a'), statusFrame(1, 1, 4000), legsFrame(1, 2, 8, 4500)]) file.push(frame); // prettier-ignore
  expect(snapshot.seen.map(([, atMs]) => atMs - wallMs)).toEqual([-5000, -5000, -4500]);
  const recording = taken();
  const other = createFileFeed(recording.take);
  for (const frame of [helloFrame(1, 'a'), statusFrame(1, 1, 4000), legsFrame(1, 2, 8, 4500)]) other.push(frame);
  expect(recording.seen.map(([, atMs]) => atMs)).toEqual([4000, 4000, 4500]);
});

it('the time of the past ticks as often as live time, and is that of the latest frame', () => {
  const ticks: number[] = [];
  const clock = createPastClock((atMs) => ticks.push(atMs));
  expect(clock.nowMs).toBeUndefined();
  for (const atMs of [1000, 1001, 1099, 1100, 1100, 5000, 5001]) clock.move(atMs);
  expect([ticks, clock.nowMs]).toEqual([[1000, 1100, 5000], 5001]);
});
