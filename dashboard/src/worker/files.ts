/** Files: what the agents remember, to be kept; and a recording, to be looked at without any agent. */
import { SNAPSHOT_PATH } from '../../../agent/client/protocol.ts';
import { formatSpan } from '../../../agent/history/span.ts';
import { createPseudonymizer } from '../../../agent/pseudonyms/pseudonymize.ts';
import { WireError } from '../../../agent/wire/frame.ts';
import { splitFrames } from '../../../agent/wire/split.ts';
import type { Span } from '../lib/span.ts';

/** What went wrong with a file, in a sentence for whoever looks at the page. */
export class FileError extends Error {
  override name = 'FileError';
}

export interface SnapshotWanted {
  base: string;
  token: string | undefined;
  span: Span;
  /** Other addresses and names in place of the real ones. */
  pseudonymize: boolean;
}

const CHUNK_BYTES = 1 << 20;
/** Of each node; more than any keeps if nobody asked it to. */
const NODE_BYTES = 256 << 20;
/** Verdicts come five seconds behind a packet, with the status that they rest on. */
const BEHIND_MS = 7000;

/** @throws FileError */
export async function takeSnapshot({ base, token, span, pseudonymize }: SnapshotWanted, nowMs: number): Promise<Blob> {
  const ages = { fromAgeMs: nowMs - span.from * 1000, toAgeMs: Math.max(0, nowMs - span.to * 1000 - BEHIND_MS) };
  const query = new URLSearchParams(formatSpan({ ...ages, bytes: NODE_BYTES }));
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(`${base}${SNAPSHOT_PATH.slice(1)}?${query}`, { headers, cache: 'no-store' });
    if (!response.ok) throw new FileError(`No snapshot: ${(await response.text()).trim()}.`);
    const blob = await response.blob();
    return pseudonymize ? await pseudonymized(blob) : blob;
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`No snapshot: ${(error as Error).message}.`);
  }
}

export async function pseudonymized(file: Blob): Promise<Blob> {
  const pseudonymize = createPseudonymizer();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const frame of splitFrames(chunksOf(file))) {
    const other = pseudonymize(frame);
    if (other) parts.push(other as Uint8Array<ArrayBuffer>);
  }
  return new Blob(parts);
}

/** The frames of a file; `size` zero or bytes that are none of ours say so with the first. */
export async function* framesOf(file: Blob, name: string): AsyncGenerator<Uint8Array> {
  let frames = 0;
  try {
    for await (const frame of splitFrames(chunksOf(file))) {
      frames++;
      yield frame;
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    if (frames === 0) throw new FileError(`${name} is no recording of hoplens that this page reads: ${error.message}.`);
    throw new FileError(`${name} is damaged: ${error.message}. What stands before is shown.`);
  }
  if (frames === 0) throw new FileError(`${name} is empty.`);
}

async function* chunksOf(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += CHUNK_BYTES)
    yield new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer());
}
