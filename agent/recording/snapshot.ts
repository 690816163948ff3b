/** `hoplens snapshot`: what agents hold of the last minutes, as a file. */
import { StreamError } from '../client/errors.ts';
import { readSnapshot } from '../client/snapshot.ts';
import { historyOf } from '../history/past.ts';
import { createPseudonymizer } from '../pseudonyms/pseudonymize.ts';
import { tokenFrom } from '../server/auth.ts';
import { isUsage } from './record.ts';
import { createFrameWriter, type FrameWriter } from './writer.ts';

export interface SnapshotCommand {
  out: string;
  /** Address of a gateway, as `connectStream` takes it. */
  gateway: string;
  /** Without it, all that is held. */
  lastMs?: number;
  tokenFile?: string;
  /** Replace the file when it is there. */
  force?: boolean;
  /** Addresses and names stand for others. */
  pseudonymize?: boolean;
  /** Where people read; stderr without it. */
  say?: (line: string) => void;
}

/** A gateway waits for peers that do not answer; then it may take a while between two frames. */
const PATIENCE_MS = { firstMs: 15_000, nextMs: 15_000 };
/** With more than this waiting for the disk we read no further. */
const WAITING_BYTES = 16 << 20;

/** 0 done, 1 failed (what came until then is kept), 2 wrong usage. */
export async function runSnapshot(command: SnapshotCommand): Promise<number> {
  const say = command.say ?? ((line) => process.stderr.write(`hoplens snapshot: ${line}\n`));
  try {
    return await take(command, say);
  } catch (error) {
    say((error as Error).message);
    return isUsage(error) ? 2 : 1;
  }
}

async function take(command: SnapshotCommand, say: (line: string) => void): Promise<number> {
  const { out, gateway, lastMs, tokenFile, force = false } = command;
  const pseudonymize = command.pseudonymize ? createPseudonymizer() : (frame: Uint8Array) => frame;
  const token = tokenFrom(tokenFile, say);
  let wake = (): void => {};
  const writer = await createFrameWriter(out, force, () => wake());
  const drained = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const span = { fromAgeMs: lastMs ?? Infinity, toAgeMs: 0 };
  let nodes: string[] = [];
  try {
    for await (const frame of readSnapshot({ address: gateway, scope: 'cluster', token, span, ...PATIENCE_MS })) {
      nodes = historyOf(frame)?.streams.map(({ node }) => node) ?? nodes;
      if (nodes.length === 0) throw new StreamError('lost', `${gateway} holds nothing yet`);
      const written = pseudonymize(frame);
      if (written) writer.write(written);
      if (writer.waitingBytes > WAITING_BYTES) await drained();
      if (writer.error) throw writer.error;
    }
  } finally {
    await writer.close();
    if (writer.frames > 0) say(summary(out, writer, nodes));
  }
  if (writer.error) throw writer.error;
  return 0;
} // prettier-ignore

const summary = (path: string, { frames, bytes }: FrameWriter, nodes: string[]): string =>
  `${path}: ${frames} frames, ${bytes} bytes, nodes: ${nodes.sort().join(', ')}`;
