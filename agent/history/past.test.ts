import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeFrame, helloFrame, legsFrame, statusFrame } from '../server/testing.ts';
import { framePlace } from '../server/source.ts';
import { createRecorder } from './recorder.ts';
import { historyFrame, historyOf, mergePasts, pastOf, type Past } from './past.ts';

async function* from(frames: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const frame of frames) yield await Promise.resolve(frame);
}

async function* failing(frames: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* from(frames);
  throw new Error('broke off');
}

/** A node whose clock shows `nowMs`, with legs that are so old. */
const nodePast = (stream: number, node: string, nowMs: number, agesMs: number[]): Uint8Array[] => [
  historyFrame([{ stream, node, timeMs: nowMs }], 0, false),
  helloFrame(stream, node),
  ...agesMs.map((ageMs, at) => legsFrame(stream, at + 1, 8, nowMs - ageMs)),
];

async function merged(...pasts: Past[]): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of mergePasts(pasts)) frames.push(frame);
  return frames;
}

const seen = (frames: Uint8Array[]): string[] => frames.slice(1).map(describeFrame);

describe('several pasts', () => {
  it('are one by age, each in its own order', async () => {
    const ages = fc.array(fc.nat(5000), { maxLength: 30 }).map((of) => of.sort((a, b) => b - a));
    const nodes = fc.array(fc.record({ nowMs: fc.integer({ min: 10_000, max: 2 ** 31 }), ages }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(nodes, async (of) => {
        const pasts = of.map(({ nowMs, ages: each }, at) => nodePast(at + 1, `n${at}`, nowMs, each));
        const frames = await merged(...pasts.map(from));
        const history = historyOf(frames[0])!;
        expect(history.streams.map(({ node }) => node)).toEqual(of.map((_, at) => `n${at}`));
        for (const [at, past] of pasts.entries()) {
          const own = frames.slice(1).filter((frame) => framePlace(frame).stream === at + 1);
          expect(own).toEqual(past.slice(1));
        }
        const agesOf = frames
          .slice(1)
          .map(framePlace)
          .filter(({ type }) => type === 2)
          .map(({ stream, timeMs }) => of[stream - 1].nowMs - timeMs);
        expect(agesOf).toEqual([...agesOf].sort((a, b) => b - a));
      }),
      { numRuns: 50 },
    );
  });

  it('go on without one that fails, says nothing, or is none', async () => {
    const good = nodePast(1, 'n1', 100, [20, 10]);
    const broken = nodePast(2, 'n2', 100, [30]);
    const frames = await merged(from(good), failing(broken), from([]), from([helloFrame(3, 'n3')]));
    expect(seen(frames)).toEqual(['hello 1/0', 'hello 2/0', 'legs 2/1', 'legs 1/1', 'legs 1/2']);
    expect(historyOf(frames[0])!.streams.map(({ node }) => node)).toEqual(['n1', 'n2']);
  });

  it('tell of a node once, by whoever is first', async () => {
    const own = nodePast(1, 'n1', 100, [10]);
    const itself = nodePast(1, 'other', 100, [10]);
    const namesake = nodePast(7, 'n1', 100, [10]);
    expect(seen(await merged(from(own), from(itself), from(namesake)))).toEqual(['hello 1/0', 'legs 1/1']);
  });
});

describe('the past of a recorder', () => {
  it('says what its clock shows, and holds what comes while it is read', async () => {
    const recorder = createRecorder({ ms: 60_000, bytes: 1 << 20 });
    const nowMs = performance.now();
    recorder.push(helloFrame(1, 'n1'), nowMs);
    recorder.push(statusFrame(1, 1, 5000), nowMs);
    const past = pastOf(recorder, 'n1', { fromAgeMs: 1000, toAgeMs: 0 });
    const history = historyOf((await past.next()).value as Uint8Array)!;
    expect(history.streams[0]).toMatchObject({ stream: 1, node: 'n1' });
    expect(history.streams[0].timeMs).toBeGreaterThanOrEqual(5000);
    recorder.push(legsFrame(1, 2, 8, 5001), nowMs);
    const rest: string[] = [];
    for await (const frame of past) rest.push(describeFrame(frame));
    expect(rest).toEqual(['hello 1/0', 'status 1/1', 'legs 1/2']);
  });

  it('of nothing is nothing', async () => {
    const past = pastOf(createRecorder({ ms: 1, bytes: 1 }), 'n1', { fromAgeMs: 1, toAgeMs: 0 });
    expect(await past.next()).toEqual({ done: true, value: undefined });
  });
});
