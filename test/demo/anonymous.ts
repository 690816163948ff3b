/** A recording for everybody: the same frames, without what tells the machine that they were made on. */
import { readFile, writeFile } from 'node:fs/promises';
import { readFrames } from '../../agent/recording/reader.ts';
import { FrameType, decodeFrame } from '../../agent/wire/frame.ts';
import { decodeMessage, encodeMessage } from '../../agent/wire/messages.ts';

const NO_BOOT = '00000000-0000-0000-0000-000000000000';

/** A hello names the kernel's series only, and no boot. */
function withoutMachine(bytes: Uint8Array): Uint8Array {
  const frame = decodeFrame(bytes);
  if (frame.type !== FrameType.hello) return bytes;
  const hello = decodeMessage(frame);
  if (hello.type !== 'hello') return bytes;
  const release = hello.kernel.release.split('.').slice(0, 2).join('.');
  return encodeMessage(frame, { ...hello, kernel: { ...hello.kernel, release, bootId: NO_BOOT } });
}

/** Rewrites a recording in its place. */
export async function makeAnonymous(file: string): Promise<void> {
  const frames: Uint8Array[] = [];
  for await (const frame of readFrames(file)) frames.push(withoutMachine(frame));
  await writeFile(file, Buffer.concat(frames));
}

/** Whether a recording names what it should not. */
export const namesMachine = async (file: string, release: string): Promise<boolean> =>
  (await readFile(file)).includes(release);
