import fc from 'fast-check';
import { expect, test } from 'vitest';
import { framePlace } from '../../../agent/server/source.ts';
import { describeFrame, helloFrame, legsFrame, statusFrame } from '../../../agent/server/testing.ts';
import { createKept } from './kept.ts';

const told = (kept: ReturnType<typeof createKept>): [string, number][] =>
  kept.frames().map(({ frame, atMs }) => [describeFrame(frame), atMs]);

test('what is forgotten leaves what later frames rest on, of streams that still speak', () => {
  const kept = createKept({ ms: 1000, bytes: 1e6 });
  kept.push(helloFrame(1, 'a'), 0);
  kept.push(helloFrame(2, 'b'), 0);
  kept.push(statusFrame(1, 1), 10);
  expect(told(kept)).toEqual([['hello 1/0', 0], ['hello 2/0', 0], ['status 1/1', 10]]); // prettier-ignore
  kept.push(legsFrame(1, 2, 8, 900), 900);
  kept.push(legsFrame(1, 3, 8, 1100), 1100);
  expect(told(kept)).toEqual([['hello 1/0', 900], ['legs 1/2', 900], ['legs 1/3', 1100]]); // prettier-ignore
});

test('it holds no more than it may, and the newest', () => {
  const frames = fc.array(fc.record({ stream: fc.integer({ min: 1, max: 3 }), bytes: fc.nat(500), pauseMs: fc.nat(300) }), { minLength: 1, maxLength: 200 }); // prettier-ignore
  fc.assert(
    fc.property(frames, (given) => {
      const limits = { ms: 2000, bytes: 3000 };
      const kept = createKept(limits);
      let nowMs = 0;
      const pushed = given.map(({ stream, bytes, pauseMs }, at) => {
        const frame = legsFrame(stream, at, bytes, (nowMs += pauseMs));
        kept.push(frame, nowMs);
        return frame;
      });
      const held = kept.frames();
      expect(held.map(({ frame }) => frame)).toEqual(pushed.slice(pushed.length - held.length));
      expect(held.reduce((sum, { frame }) => sum + frame.length, 0)).toBeLessThanOrEqual(limits.bytes);
      for (const { atMs, frame } of held) {
        expect(framePlace(frame).timeMs).toBe(atMs);
        expect(nowMs - atMs).toBeLessThanOrEqual(limits.ms);
      }
    }),
  );
});
