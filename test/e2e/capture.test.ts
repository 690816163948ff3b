import { expect, test } from 'vitest';
import { fillNumbers } from '../traffic/numbers.ts';
import { parseCapture, streamOffset } from './capture.ts';

/** A capture of one frame: file header, record header (time, caught and real length), frame. */
function captureOf(frame: string): Buffer {
  const bytes = Buffer.from(frame.replaceAll(/\s/g, ''), 'hex');
  const file = Buffer.alloc(40);
  file.writeUInt32LE(0xa1b23c4d, 0);
  file.writeUInt32LE(1, 20);
  file.writeUInt32LE(bytes.length, 32);
  return Buffer.concat([file, bytes]);
}

test('a TCP segment with timestamps, IPv4', () => {
  const frame = `020000000001 020000000002 0800  4500 1034 abcd 4000 40 06 0000 0af40102 0af40202
    9c40 1451 f0000000 00000001 80 10 00ff 0000 0000  01 01 08 0a 00001234 00005678  0000000000000008`;
  expect(parseCapture(captureOf(frame))).toMatchObject([
    {
      protocol: 6,
      sourcePort: 40000,
      destinationPort: 5201,
      sequence: 0xf0000000,
      length: 4096,
      timestamp: 0x1234,
      payload: Buffer.from('0000000000000008', 'hex'),
    },
  ]);
});

test('a UDP datagram, IPv6 and IPv4', () => {
  const six = `020000000001 020000000002 86dd  60000000 000c 11 40 ${'fd'.repeat(16)} ${'fe'.repeat(16)} 14e9 1234 000c 0000 01020304`;
  expect(parseCapture(captureOf(six))).toMatchObject([
    { protocol: 17, sourcePort: 5353, destinationPort: 0x1234, sequence: 0, length: 4 },
  ]);
  const four = `020000000001 020000000002 0800  4500 0020 beef 4000 40 11 0000 0af40102 0af40202 14e9 1234 000c 0000 01020304`;
  expect(parseCapture(captureOf(four))).toMatchObject([
    { protocol: 17, sequence: 0xbeef, length: 4, payload: Buffer.from('01020304', 'hex') },
  ]);
});

test('any piece of the stream says where it stands', () => {
  const stream = Buffer.alloc(4096);
  fillNumbers(stream, 1 << 20);
  for (const from of [0, 1, 7, 8, 1003]) {
    expect(streamOffset(stream.subarray(from, from + 94))).toBe((1 << 20) + from);
  }
  expect(streamOffset(stream.subarray(0, 20))).toBeUndefined();
  expect(streamOffset(Buffer.alloc(94, 7))).toBeUndefined();
});
