import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrameType, WireError, decodeFrame, encodeFrame } from './frame.ts';
import { decodeMessage, encodeMessage, type Message } from './messages.ts';

const place = { stream: 7, sequence: 8, timeMs: 9 };
const types = ['hello', 'devices', 'places', 'names', 'status', 'missed', 'peers'] as const;

it('a message comes back as it went, in a frame of its type', () => {
  const body = fc.dictionary(
    fc.string().filter((key) => key !== 'type' && key !== '__proto__'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...types), body, (type, rest) => {
      const message = { ...rest, type } as unknown as Message;
      const frame = decodeFrame(encodeMessage(place, message));
      expect(frame).toMatchObject({ ...place, type: FrameType[type] });
      expect(decodeMessage(frame)).toEqual(JSON.parse(JSON.stringify(message)));
    }),
  );
});

it('any other payload is a WireError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      (payload) => {
        const frame = decodeFrame(encodeFrame({ ...place, type: FrameType.status }, payload));
        expect(() => decodeMessage(frame)).toThrow(WireError);
      },
    ),
  );
});

it('a message in a frame of another type is refused', () => {
  const frame = decodeFrame(encodeMessage(place, { type: 'missed', frames: 1, bytes: 32 }));
  expect(() => decodeMessage({ ...frame, type: FrameType.peers })).toThrow('says "missed"');
});
