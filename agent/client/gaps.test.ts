import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrameType } from '../wire/frame.ts';
import { trackGaps } from './gaps.ts';

const header = (type: FrameType, sequence: number, stream = 1) => ({ type, sequence, stream, timeMs: 0 });
const { hello, legs, status, devices } = FrameType;

it('counts what is missing between live frames, across the wrap', () => {
  const gaps = trackGaps();
  expect(gaps.frame(header(legs, 0xfffffffe))).toBe(0);
  expect(gaps.frame(header(legs, 1))).toBe(2);
  expect(gaps.frame(header(legs, 2))).toBe(0);
});

it('state sent to a newcomer is no gap', () => {
  const gaps = trackGaps();
  const frames = [header(hello, 0), header(devices, 17), header(status, 90), header(legs, 95), header(status, 96)];
  expect(frames.map((frame) => gaps.frame(frame))).toEqual([0, 0, 0, 0, 0]);
});

it('state sent again out of a gap is not missing', () => {
  const gaps = trackGaps();
  gaps.frame(header(hello, 0));
  gaps.frame(header(legs, 1));
  gaps.frame(header(hello, 0));
  gaps.frame(header(status, 4)); // of the gap 2..5
  expect(gaps.frame(header(legs, 6))).toBe(3);
});

it('streams do not touch each other', () => {
  const gaps = trackGaps();
  gaps.frame(header(legs, 5, 1));
  expect(gaps.frame(header(legs, 500, 2))).toBe(0);
  expect(gaps.frame(header(legs, 7, 1))).toBe(1);
});

it('finds exactly what was left out, wherever state is repeated', () => {
  const step = fc.record({ lost: fc.boolean(), reconnect: fc.boolean(), isStatus: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 0xffffffff }), (steps, first) => {
      const gaps = trackGaps();
      let found = gaps.frame(header(hello, first)) + gaps.frame(header(legs, (first + 1) >>> 0));
      let missing = new Set<number>();
      let lastStatus: number | undefined;
      let expected = 0;
      steps.forEach(({ lost, reconnect, isStatus }, i) => {
        const sequence = (first + 2 + i) >>> 0;
        if (isStatus) lastStatus = sequence;
        if (lost) return void missing.add(sequence);
        if (reconnect) {
          gaps.frame(header(hello, first));
          if (lastStatus !== undefined && lastStatus !== sequence) {
            missing.delete(lastStatus);
            found += gaps.frame(header(status, lastStatus));
          }
        }
        found += gaps.frame(header(legs, sequence));
        expected += missing.size;
        missing = new Set();
      });
      expect(found).toBe(expected);
    }),
  );
});
