import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { historyOf, mergePasts, pastOf } from '../history/past.ts';
import { createRecorder } from '../history/recorder.ts';
import { createNewcomer, type Newcomer } from './newcomer.ts';
import { framePlace } from './source.ts';
import { helloFrame, legsFrame, statusFrame } from './testing.ts';

/** Two nodes that send by turns; the newcomer hears them from now on. */
function cluster(recorderBytes: number, queueBytes: number, before: number) {
  const nodes = [1, 2].map((stream) => ({
    stream,
    next: 0,
    recorder: createRecorder({ ms: 1e9, bytes: recorderBytes }),
  }));
  const heard: Newcomer[] = [];
  let sent = 0;
  const startMs = performance.now();
  const push = (): void => {
    const node = nodes[sent % 2];
    const sequence = node.next++;
    const timeMs = sent++;
    const frame =
      sequence === 0
        ? helloFrame(node.stream, `n${node.stream}`)
        : sequence % 5 === 1
          ? statusFrame(node.stream, sequence, timeMs)
          : legsFrame(node.stream, sequence, 64, timeMs);
    node.recorder.push(frame, startMs);
    for (const newcomer of heard) newcomer.wait(frame);
  };
  for (let at = 0; at < before; at++) push();
  const span = { fromAgeMs: Infinity, toAgeMs: 0 };
  const pasts = nodes.map(({ recorder, stream }) => pastOf(recorder, `n${stream}`, span));
  const newcomer = createNewcomer([], mergePasts(pasts), queueBytes);
  heard.push(newcomer);
  return { push, newcomer, nodes };
}

/** Reads the past while frames come, `each` of them between two steps. */
async function readWhile({ push, newcomer }: ReturnType<typeof cluster>, each: number[]) {
  const past: Uint8Array[] = [];
  for await (const frame of newcomer.past) {
    past.push(frame);
    for (let n = each[past.length % each.length]; n > 0 && past.length < 400; n--) push();
  }
  for (let n = 0; n < 3; n++) push();
  return { past: past.slice(1), joined: newcomer.join() };
}

const numbersOf = (frames: Uint8Array[], stream: number): number[] =>
  frames.map(framePlace).filter((place) => place.stream === stream).map((place) => place.sequence); // prettier-ignore

describe('a newcomer', () => {
  const each = fc.array(fc.nat(3), { minLength: 1, maxLength: 10 });

  it('has every frame once: the past, then what came meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 200 }), each, async (before, comes) => {
        const all = cluster(1 << 30, 1 << 30, before);
        const { past, joined } = await readWhile(all, comes);
        expect(historyOf(joined.frames[0])).toMatchObject({ isLive: true });
        expect(joined.broken).toEqual([]);
        for (const { stream, next } of all.nodes) {
          const numbers = numbersOf([...past, ...joined.frames], stream);
          expect(numbers).toEqual(Array.from({ length: next }, (_, at) => at));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('whose queue and history are small has no frame twice, and knows how many it never gets', async () => {
    const sizes = fc.record({
      recorder: fc.integer({ min: 2000, max: 20_000 }),
      queue: fc.integer({ min: 1, max: 3000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: 200 }), each, sizes, async (before, comes, { recorder, queue }) => {
        const all = cluster(recorder, queue, before);
        const { past, joined } = await readWhile(all, comes);
        for (const { stream, next } of all.nodes) {
          const broken = joined.broken.find((one) => one.stream === stream);
          const got = numbersOf([...past, ...joined.frames], stream);
          const left = broken ? broken.missing + broken.frames.length : 0;
          expect(new Set(got).size).toBe(got.length);
          expect(got).toEqual([...got].sort((a, b) => a - b));
          const first = got.find((number) => number > 1) ?? next;
          // Behind the first frame that is no state nothing is missing but what is told.
          const live = got.filter((number) => number >= first);
          if (live.length > 0) expect(first + live.length + left).toBe(next);
          else expect(left).toBeLessThan(next);
        }
      }),
      { numRuns: 60 },
    ); // prettier-ignore
  });

  it('gets what the past does not know as every reader does', () => {
    const state = [helloFrame(9, 'n9'), statusFrame(9, 4)];
    const newcomer = createNewcomer(state, mergePasts([]), 1 << 20);
    const live = [legsFrame(9, 5), legsFrame(9, 6)];
    for (const frame of live) newcomer.wait(frame);
    expect(newcomer.join().frames.slice(1)).toEqual([...state, ...live]);
  });
});
