import { release } from 'node:os';
import { expect, it } from 'vitest';
import { readFrames } from '../../agent/recording/reader.ts';
import { FrameType, decodeFrame } from '../../agent/wire/frame.ts';
import { decodeMessage } from '../../agent/wire/messages.ts';
import { RECORDING } from '../fixtures/recording.ts';
import { namesMachine } from './anonymous.ts';

it('the committed recording is whole, of two nodes, and tells nothing of the machine it was made on', async () => {
  const nodes = new Set<string>();
  for await (const bytes of readFrames(RECORDING)) {
    const frame = decodeFrame(bytes);
    const message = frame.type === FrameType.hello ? decodeMessage(frame) : undefined;
    if (message?.type !== 'hello') continue;
    nodes.add(message.node);
    expect(message.kernel.release).toMatch(/^\d+\.\d+$/);
    expect(message.kernel.bootId).toMatch(/^[0-]+$/);
  }
  expect([...nodes].sort()).toEqual(['n1', 'n2']);
  expect(await namesMachine(RECORDING, release())).toBe(false);
});
