import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FrameType,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  VERSION,
  WireError,
  decodeFrame,
  encodeFrame,
  frameBytes,
  padded,
} from './frame.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const header = fc.record({
  type: fc.constantFrom(...Object.values(FrameType)),
  stream: u32,
  sequence: u32,
  timeMs: u32,
});
const payload = fc.uint8Array({ maxLength: 300 });
const legs = { type: FrameType.legs, stream: 1, sequence: 2, timeMs: 3 };

/** What a call threw; fails when it threw anything but a WireError. */
function wireCode(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return (error as WireError).code;
  }
}

describe('a frame', () => {
  it('comes back as it went, at any place in the bytes', () => {
    fc.assert(
      fc.property(header, payload, fc.nat(17), (sent, body, before) => {
        const bytes = new Uint8Array(before + HEADER_BYTES + padded(body.length) + 5);
        bytes.set(encodeFrame(sent, body), before);
        const { payload: received, ...rest } = decodeFrame(bytes, before);
        expect(rest).toEqual(sent);
        expect(received.length).toBe(padded(body.length));
        expect(received.byteOffset % 8).toBe(0);
        expect([...received.subarray(0, body.length)]).toEqual([...body]);
        expect(received.subarray(body.length).every((byte) => byte === 0)).toBe(true);
        expect(frameBytes(bytes, before)).toBe(HEADER_BYTES + received.length);
      }),
    );
  });

  it('cut anywhere is too short, and nothing else', () => {
    fc.assert(
      fc.property(header, payload, fc.nat(400), (sent, body, cut) => {
        const bytes = encodeFrame(sent, body);
        expect(wireCode(() => decodeFrame(bytes.subarray(0, cut % bytes.length)))).toBe('short');
      }),
    );
  });

  it('of hostile bytes is a WireError or a frame within its bytes', () => {
    const hostile = fc.tuple(
      fc.uint8Array({ minLength: 0, maxLength: 64 }),
      fc.array(fc.tuple(fc.nat(23), fc.nat(255))),
    );
    fc.assert(
      fc.property(hostile, fc.boolean(), ([noise, changes], isFrame) => {
        const bytes = isFrame ? encodeFrame(legs, noise) : noise;
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        wireCode(() => expect(HEADER_BYTES + decodeFrame(bytes).payload.length).toBeLessThanOrEqual(bytes.length));
      }),
    );
  });

  it.each([
    ['magic', 0, 0],
    ['version', 4, VERSION + 1],
    ['type', 5, 99],
    ['size', 16, 4],
    ['size', 19, 0x80],
  ])('with a wrong %s at byte %i says so', (code, at, value) => {
    const bytes = encodeFrame(legs, new Uint8Array(8));
    bytes[at] = value;
    expect(wireCode(() => frameBytes(bytes))).toBe(code);
  });

  it('is not looked for in more than the largest payload', () => {
    const bytes = encodeFrame(legs, new Uint8Array(0));
    new DataView(bytes.buffer).setUint32(16, MAX_PAYLOAD_BYTES + 8, true);
    expect(wireCode(() => frameBytes(bytes))).toBe('size');
    new DataView(bytes.buffer).setUint32(16, MAX_PAYLOAD_BYTES, true);
    expect(frameBytes(bytes)).toBe(HEADER_BYTES + MAX_PAYLOAD_BYTES);
  });

  it('is unknown before its header is there', () => {
    expect(frameBytes(encodeFrame(legs, new Uint8Array(8)).subarray(0, HEADER_BYTES - 1))).toBeUndefined();
  });
});
