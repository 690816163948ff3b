import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeFrame, helloFrame, legsFrame, statusFrame } from '../server/testing.ts';
import { encodeMessage } from '../wire/messages.ts';
import { createRecorder, type Cursor, type Recorder } from './recorder.ts';

const FOREVER = { fromAgeMs: Infinity, toAgeMs: 0 };
const devicesFrame = (sequence: number, timeMs = 0): Uint8Array =>
  encodeMessage({ stream: 1, sequence, timeMs }, { type: 'devices', timeNs: 0, devices: [] });

const readAll = (cursor: Cursor): string[] => {
  const seen: string[] = [];
  for (let frame = cursor.next(); frame; frame = cursor.next()) seen.push(describeFrame(frame));
  return seen;
};

/** A stream whose frames come every 100 ms: a hello, then what `types` says by its letters. */
function record(recorder: Recorder, types: string): void {
  recorder.push(helloFrame(1, 'n1'), 0);
  [...types].forEach((type, at) => {
    const [sequence, timeMs] = [at + 1, 100 * (at + 1)];
    const frame = type === 's' ? statusFrame(1, sequence, timeMs) : type === 'd' ? devicesFrame(sequence, timeMs) : legsFrame(1, sequence, 64, timeMs); // prettier-ignore
    recorder.push(frame, timeMs);
  });
}

describe('the flight recorder', () => {
  it('keeps the very frames, from the first on', () => {
    const recorder = createRecorder({ ms: 10_000, bytes: 1 << 20 });
    const frames = [helloFrame(1, 'n1'), statusFrame(1, 1, 5), legsFrame(1, 2, 64, 8)];
    for (const frame of frames) recorder.push(frame, 10);
    const cursor = recorder.open(FOREVER, 10);
    for (const frame of frames) expect(cursor.next()).toBe(frame);
    expect(cursor.next()).toBeUndefined();
  });

  it('stays within its bytes and its time, whatever comes, and says what it forgot', () => {
    const push = fc.record({ bytes: fc.nat(3000), afterMs: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(push, { minLength: 1, maxLength: 800 }), fc.integer({ min: 1000, max: 60_000 }), (pushes, most) => {
        const limits = { ms: 20_000, bytes: most };
        const recorder = createRecorder(limits);
        let [nowMs, aged] = [0, 0];
        const sent: number[] = [];
        pushes.forEach(({ bytes, afterMs }, sequence) => {
          nowMs += afterMs;
          sent.push(nowMs);
          recorder.push(legsFrame(1, sequence, bytes & ~7, nowMs), nowMs);
          const stats = recorder.stats(nowMs);
          expect(stats.bytes).toBeLessThanOrEqual(most);
          expect(stats.seconds).toBeLessThanOrEqual(20);
          aged = sequence + 1 - stats.frames - stats.framesForgotten;
        });
        // What went neither for bytes nor because it is held was too old.
        expect(aged).toBeLessThanOrEqual(sent.filter((atMs) => nowMs - atMs > limits.ms).length);
      }),
      { numRuns: 40 },
    ); // prettier-ignore
  });

  it('can be read from its beginning, whatever was forgotten: state first, then a status', () => {
    const types = fc.string({ unit: fc.constantFrom('s', 'd', 'l'), minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(types, fc.integer({ min: 2000, max: 40_000 }), fc.nat(30_000), (of, bytes, fromAgeMs) => {
        const recorder = createRecorder({ ms: 20_000, bytes });
        record(recorder, of);
        const seen = readAll(recorder.open({ fromAgeMs, toAgeMs: 0 }, 100 * of.length));
        const begin = seen.findIndex((frame) => frame.startsWith('status'));
        const number = begin < 0 ? of.length + 1 : Number(seen[begin].split('/')[1]);
        const latest = of.slice(0, number - 1).lastIndexOf('d') + 1;
        const state = seen.slice(0, begin < 0 ? seen.length : begin);
        expect(state).toEqual(['hello 1/0', ...(latest > 0 ? [`devices 1/${latest}`] : [])]);
        // From there on nothing is left out.
        const rest = seen.slice(state.length).map((frame) => Number(frame.split('/')[1]));
        expect(rest).toEqual(Array.from({ length: of.length + 1 - number }, (_, at) => number + at));
      }),
      { numRuns: 60 },
    );
  });

  it('gives the newest of a span that is larger than wanted', () => {
    const recorder = createRecorder({ ms: 60_000, bytes: 1 << 20 });
    record(recorder, 'slslslslsl');
    const two = 2 * (256 + legsFrame(1, 1).length);
    const seen = readAll(recorder.open({ ...FOREVER, bytes: two }, 1000));
    expect(seen).toEqual(['hello 1/0', 'status 1/9', 'legs 1/10']);
  });

  it('ends a span where it was told to', () => {
    const recorder = createRecorder({ ms: 60_000, bytes: 1 << 20 });
    record(recorder, 'slslslslsl');
    expect(readAll(recorder.open({ fromAgeMs: 600, toAgeMs: 400 }, 1000))).toEqual(['hello 1/0', 'status 1/3', 'legs 1/4', 'status 1/5', 'legs 1/6']); // prettier-ignore
  });

  it('is read on while frames come, and not beyond what it holds', () => {
    const recorder = createRecorder({ ms: 60_000, bytes: 4000 });
    record(recorder, 's');
    const cursor = recorder.open(FOREVER, 100);
    expect(readAll(cursor)).toEqual(['hello 1/0', 'status 1/1']);
    recorder.push(legsFrame(1, 2), 200);
    expect(readAll(cursor)).toEqual(['legs 1/2']);
    for (let sequence = 3; sequence < 40; sequence++) recorder.push(legsFrame(1, sequence), 300);
    expect(readAll(cursor)).toEqual([]);
  });

  it('tells what the stream shows now by the frame that came quickest', () => {
    const recorder = createRecorder({ ms: 60_000, bytes: 1 << 20 });
    expect(recorder.moment(0)).toBeUndefined();
    recorder.push(statusFrame(7, 1, 100), 1150);
    recorder.push(statusFrame(7, 2, 200), 1205);
    recorder.push(statusFrame(7, 3, 300), 1390);
    expect(recorder.moment(2005)).toEqual({ stream: 7, timeMs: 1000 });
  });
});
