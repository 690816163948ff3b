/** A recording whose pods are called differently. */
import { writeFile } from 'node:fs/promises';
import { readFrames } from '../../agent/recording/reader.ts';
import { FrameType, decodeFrame } from '../../agent/wire/frame.ts';
import { decodeMessage, encodeMessage } from '../../agent/wire/messages.ts';

/** Writes a copy of a recording in which every pod bears this name. */
export async function renamePods(from: string, to: string, name: string): Promise<void> {
  const frames: Uint8Array[] = [];
  for await (const bytes of readFrames(from)) frames.push(renamed(bytes, name));
  await writeFile(to, Buffer.concat(frames));
}

function renamed(bytes: Uint8Array, name: string): Uint8Array {
  const frame = decodeFrame(bytes);
  const message = frame.type === FrameType.names ? decodeMessage(frame) : undefined;
  if (message?.type !== 'names') return bytes;
  return encodeMessage(frame, { ...message, pods: message.pods.map((pod) => ({ ...pod, name })) });
}
