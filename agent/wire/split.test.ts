import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameType, WireError, encodeFrame } from './frame.ts';
import { splitFrames } from './split.ts';

async function* pieces(bytes: Uint8Array, sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length];
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}

async function split(bytes: Uint8Array, sizes: number[]): Promise<{ frames: Uint8Array[]; code?: string }> {
  const frames: Uint8Array[] = [];
  try {
    for await (const frame of splitFrames(pieces(bytes, sizes))) frames.push(frame);
    return { frames };
  } catch (error) {
    return { frames, code: (error as WireError).code };
  }
}

const frameOf = (payload: Uint8Array): Uint8Array =>
  encodeFrame({ type: FrameType.legs, stream: 1, sequence: 2, timeMs: 3 }, payload);

describe('frames in pieces', () => {
  it('come out whole wherever the pieces end, up to where they are cut off', async () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(payloads, sizes, fc.nat(), async (of, each, at) => {
        const frames = of.map(frameOf);
        const whole = Buffer.concat(frames);
        const cut = whole.length === 0 ? 0 : at % (whole.length + 1);
        let end = 0;
        const expected = frames.filter((frame) => (end += frame.length) <= cut);
        const goodBytes = expected.reduce((sum, frame) => sum + frame.length, 0);
        const read = await split(whole.subarray(0, cut), each);
        expect(read.frames.map((frame) => Buffer.from(frame))).toEqual(expected.map((frame) => Buffer.from(frame)));
        expect(read.frames.every((frame) => frame.byteOffset === 0)).toBe(true);
        expect(read.code).toBe(goodBytes === cut ? undefined : 'short');
      }),
    );
  });

  it('that are none say so', async () => {
    const read = await split(Buffer.concat([frameOf(new Uint8Array(8)), Buffer.alloc(64)]), [100]);
    expect(read).toMatchObject({ frames: [expect.anything()], code: 'magic' });
  });
});
