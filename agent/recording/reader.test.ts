import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FrameType, MAX_PAYLOAD_BYTES, encodeFrame } from '../wire/frame.ts';
import { helloFrame, legsFrame } from '../server/testing.ts';
import { RecordingError, readFrames } from './reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'hoplens-reader-'));
const path = join(folder, 'recording');
afterAll(() => rmSync(folder, { recursive: true }));

/** What can be read of these bytes, and how it ended. */
async function readBytes(...parts: Uint8Array[]) {
  writeFileSync(path, Buffer.concat(parts));
  const frames: Uint8Array[] = [];
  try {
    for await (const frame of readFrames(path)) frames.push(frame);
  } catch (error) {
    expect(error).toBeInstanceOf(RecordingError);
    return { frames, error: error as RecordingError };
  }
  return { frames, error: undefined };
}

describe('a recording', () => {
  it('cut anywhere gives every whole frame before the cut, and says where it is', async () => {
    const frame = fc
      .record({ bytes: fc.nat(3000), sequence: fc.nat() })
      .map((of) => legsFrame(1, of.sequence, of.bytes));
    const property = fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), fc.nat(), async (frames, at) => {
      const whole = Buffer.concat(frames);
      const cut = (at % whole.length) + 1;
      let end = 0;
      const expected = frames.filter((each) => (end += each.length) <= cut);
      const read = await readBytes(whole.subarray(0, cut));
      expect(read.frames.map((each) => Buffer.from(each))).toEqual(expected.map((each) => Buffer.from(each)));
      const goodBytes = expected.reduce((sum, each) => sum + each.length, 0);
      const code = goodBytes === cut ? undefined : cut < 24 ? 'not-hoplens' : 'cut-off';
      expect(read.error?.code).toBe(code);
      if (read.error) expect(read.error.goodBytes).toBe(goodBytes);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('may hold frames of the largest size, over the edges of what is read at once', async () => {
    const large = encodeFrame(
      { type: FrameType.legs, stream: 1, sequence: 1, timeMs: 0 },
      new Uint8Array(MAX_PAYLOAD_BYTES),
    );
    const small = legsFrame(1, 2, (1 << 20) - 20);
    const { frames, error } = await readBytes(small, large, small, helloFrame(1, 'a'));
    expect(error).toBeUndefined();
    expect(frames.map((frame) => frame.length)).toEqual([
      small.length,
      large.length,
      small.length,
      helloFrame(1, 'a').length,
    ]);
    expect(frames.every((frame) => frame.byteOffset % 8 === 0)).toBe(true);
  });

  it.each([
    ['nothing', [], 'empty', 0],
    ['a text', [Buffer.from('not a recording, but long enough for a header')], 'not-hoplens', 0],
    ['a few bytes', [Buffer.from('HOPL')], 'not-hoplens', 0],
    ['another version', [helloFrame(1, 'a').fill(7, 4, 5)], 'version', 0],
    ['damage in the middle', [legsFrame(1, 1), new Uint8Array(100)], 'corrupt', 1],
    ['another version behind ours', [legsFrame(1, 1), helloFrame(1, 'a').fill(7, 4, 5)], 'version', 1],
  ])('of %s says so', async (_what, parts, code, frames) => {
    const read = await readBytes(...parts);
    expect(read.error).toMatchObject({ code });
    expect(read.frames).toHaveLength(frames);
  });

  it('that is not there, or is a folder, says so', async () => {
    const first = (at: string) => readFrames(at).next();
    await expect(first(join(folder, 'none'))).rejects.toMatchObject({ code: 'unreadable', message: expect.stringContaining('no such file') as string }); // prettier-ignore
    await expect(first(folder)).rejects.toMatchObject({ code: 'unreadable' });
  });
});
