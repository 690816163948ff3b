/** `hoplens record`: a reader of the cluster that writes every frame to a file, unchanged. */
import { trackGaps } from '../client/gaps.ts';
import { StreamError } from '../client/errors.ts';
import { connectStream, type Stream, type StreamState } from '../client/stream.ts';
import { tokenFrom } from '../server/auth.ts';
import { ServerError } from '../server/errors.ts';
import { framePlace } from '../server/source.ts';
import { FrameType, WireError, decodeFrame } from '../wire/frame.ts';
import { decodeMessage } from '../wire/messages.ts';
import { stopAfter } from './stop.ts';
import { WriteError, createFrameWriter, type FrameWriter } from './writer.ts';

export interface RecordOptions {
  out: string;
  /** Address of a gateway, as `connectStream` takes it. */
  gateway: string;
  tokenFile?: string;
  /** Replace the file when it is there. */
  force?: boolean;
  forMs?: number;
  /** Ends the recording; without it SIGINT and SIGTERM do. */
  signal?: AbortSignal;
  /** Where people read; stderr without it. */
  say?: (line: string) => void;
}

/** With more than this waiting for the disk, we stop reading: the server then drops frames and says how many. */
const WAITING_BYTES = 64 << 20;

/** Records until told to end; 0 done, 1 failed (what came until then is kept), 2 wrong usage. */
export async function runRecord(options: RecordOptions): Promise<number> {
  const say = options.say ?? ((line) => process.stderr.write(`${line}\n`));
  try {
    return await record(options, say);
  } catch (error) {
    say(`hoplens record: ${(error as Error).message}`);
    return isUsage(error) ? 2 : 1;
  }
}

/** Of those who write a file of what an agent says. */
export const isUsage = (error: unknown): boolean =>
  error instanceof ServerError ||
  (error instanceof StreamError && error.code === 'address') ||
  (error instanceof WriteError && error.code === 'EEXIST');

async function record(options: RecordOptions, say: (line: string) => void): Promise<number> {
  const token = tokenFrom(options.tokenFile, (line) => say(`hoplens record: ${line}`));
  const tally = createTally();
  let stream: Stream | undefined;
  const writer = await createFrameWriter(options.out, options.force ?? false, () => stream?.resume());
  const stop = stopAfter(options.forMs, options.signal);
  const startedMs = performance.now();
  try {
    const ended = await new Promise<Error | undefined>((resolve) => {
      void writer.failed.then(resolve);
      if (stop.signal.aborted) resolve(undefined);
      stop.signal.addEventListener('abort', () => resolve(undefined));
      stream = connectStream({
        address: options.gateway, scope: 'cluster', token, retry: 'once-up',
        onFrame: (frame) => {
          if (!tally.frame(frame)) return;
          writer.write(frame);
          if (writer.waitingBytes > WAITING_BYTES) stream?.pause();
        },
        onGarbage: () => tally.garbage++,
        onState: (state) => onState(state, say, resolve),
      }); // prettier-ignore
    });
    stream?.close();
    await writer.close();
    // The last of it may have met a full disk after we were told to end.
    const problem = ended ?? writer.error;
    if (problem) say(`hoplens record: ${problem.message}`);
    say(summary(options.out, writer, tally, (performance.now() - startedMs) / 1000));
    return problem || writer.frames === 0 ? 1 : 0;
  } catch (error) {
    await writer.close();
    throw error;
  } finally {
    stream?.close();
    stop.dispose();
  }
}

function onState(state: StreamState, say: (line: string) => void, end: (error: StreamError | undefined) => void): void {
  if (state.state === 'ended') end(state.error);
  if (state.state === 'down') say(`hoplens record: ${state.error.message}; trying again`);
}

interface Tally {
  nodes: Set<string>;
  missed: number;
  garbage: number;
  /** Counts a frame; false while its stream's hello is still to come. */
  frame(frame: Uint8Array): boolean;
}

function createTally(): Tally {
  const gaps = trackGaps();
  const streams = new Set<number>();
  const tally: Tally = {
    nodes: new Set(),
    missed: 0,
    garbage: 0,
    frame(frame) {
      const place = framePlace(frame);
      if (place.type === FrameType.hello) {
        streams.add(place.stream);
        const node = nodeOf(frame);
        if (node !== undefined) tally.nodes.add(node);
      }
      tally.missed += gaps.frame(place);
      // A recording begins with a hello, whatever a gateway says before.
      return place.type === FrameType.peers ? streams.size > 0 : streams.has(place.stream);
    },
  };
  return tally;
}

function nodeOf(frame: Uint8Array): string | undefined {
  try {
    const message = decodeMessage(decodeFrame(frame));
    return message.type === 'hello' ? String(message.node) : undefined;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function summary(path: string, writer: FrameWriter, tally: Tally, seconds: number): string {
  if (writer.frames === 0) return 'nothing was recorded: no frame came';
  const nodes = [...tally.nodes].sort().join(', ');
  const garbage = tally.garbage > 0 ? `, ${tally.garbage} messages that were no frames` : '';
  return `${path}: ${writer.frames} frames, ${writer.bytes} bytes, ${seconds.toFixed(1)} s, nodes: ${nodes}; missed ${tally.missed} frames${garbage}`;
}
