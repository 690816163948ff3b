/** `hoplens replay`: serves a recording as an agent serves its stream, at the pace it was recorded. */
import { setTimeout as sleep } from 'node:timers/promises';
import { END_OF_RECORDING } from '../client/protocol.ts';
import { tokenFrom } from '../server/auth.ts';
import { ServerError } from '../server/errors.ts';
import { servePage } from '../server/files.ts';
import { parseListen, type Listen } from '../server/listen.ts';
import { createMetrics } from '../server/metrics/metrics.ts';
import { startServer, type RunningServer } from '../server/server.ts';
import { createHub, framePlace, type FrameSource, type Hub } from '../server/source.ts';
import { FrameType } from '../wire/frame.ts';
import { createPace } from './pace.ts';
import { RecordingError, readFrames } from './reader.ts';
import { UsageError, stopAfter } from './stop.ts';

export interface ReplayOptions {
  file: string;
  /** `HOST:PORT`, or a socket that is open already. */
  listen: string | Listen;
  version: string;
  tokenFile?: string;
  /** 2 plays twice as fast; 1 without it. */
  speed?: number;
  /** Start again at the end, as if the agents had been started again. */
  loop?: boolean;
  signal?: AbortSignal;
  say?: (line: string) => void;
  /** Called once it listens. */
  onListening?: (server: { url: string; port: number }) => void;
}

/** Plays once the first reader is there; 0 at the end, 1 when the file is not whole, 2 for wrong usage. */
export async function runReplay(options: ReplayOptions): Promise<number> {
  const say = options.say ?? ((line) => process.stderr.write(`${line}\n`));
  try {
    return await replay(options, say);
  } catch (error) {
    say(`hoplens replay: ${(error as Error).message}`);
    return isUsage(error) ? 2 : 1;
  }
}

const isUsage = (error: unknown): boolean =>
  error instanceof UsageError ||
  (error instanceof ServerError && ['listen', 'token-required', 'token-file'].includes(error.code));

async function replay(options: ReplayOptions, say: (line: string) => void): Promise<number> {
  // Nothing is served of a file that is none of ours.
  for await (const frame of readFrames(options.file)) if (frame) break;
  const speed = options.speed ?? 1;
  if (!(speed > 0)) throw new UsageError(`--speed ${speed} is not above 0`);
  const hub = createHub();
  const audience = createAudience(hub);
  const server = await serve(options, audience.source, say);
  const stop = stopAfter(undefined, options.signal);
  try {
    say(
      `serving ${options.file} at ${server.url}, its page at ${pageUrl(server.url)}; it plays as soon as somebody reads`,
    );
    options.onListening?.(server);
    await Promise.race([audience.came, aborted(stop.signal)]);
    const stage: Stage = { hub, speed, signal: stop.signal, say, relief: () => caughtUp(server) };
    return await playAll(options, stage);
  } finally {
    stop.dispose();
    await drained(server, stop.signal);
    await server.stop(END_OF_RECORDING, 1000);
  }
}

async function serve(options: ReplayOptions, source: FrameSource, say: (line: string) => void): Promise<RunningServer> {
  const token = tokenFrom(options.tokenFile, (line) => say(`hoplens replay: ${line}`));
  const metrics = createMetrics({ version: options.version, server: () => server.stats });
  const server = await startServer({
    listen: typeof options.listen === 'string' ? parseListen(options.listen) : options.listen,
    token,
    sources: () => [source],
    metrics: () => metrics.body(),
    ready: () => ({ ready: true, reasons: [] }),
    files: servePage(),
    info: { hoplens: options.version, recording: true },
  });
  return server;
}

/** The hub, and word of its first reader. */
function createAudience(hub: Hub): { source: FrameSource; came: Promise<void> } {
  let come = (): void => {};
  const came = new Promise<void>((resolve) => (come = resolve));
  return {
    came,
    source: {
      state: () => hub.state(),
      subscribe: (listener) => {
        const unsubscribe = hub.subscribe(listener);
        come();
        return unsubscribe;
      },
    },
  };
}

const pageUrl = (url: string): string => `${url.replace(/^ws/, 'http')}/`;

interface Stage {
  hub: Hub;
  speed: number;
  signal: AbortSignal;
  say: (line: string) => void;
  /** Waits for readers when frames come faster than they read. */
  relief: () => Promise<void>;
}

async function playAll(options: ReplayOptions, stage: Stage): Promise<number> {
  for (let round = 0; ; round++) {
    const problem = await playOnce(options.file, round, stage);
    if (stage.signal.aborted || !options.loop) return problem ? 1 : 0;
  }
}

/** One time through the file. What stands before a cut is played; then the error is named. */
async function playOnce(path: string, round: number, stage: Stage): Promise<RecordingError | undefined> {
  const streams = new Set<number>();
  let [frames, bytes] = [0, 0];
  let problem: RecordingError | undefined;
  try {
    await play(path, stage, (frame) => {
      const ours = asRound(frame, round);
      streams.add(framePlace(ours).stream);
      stage.hub.push(ours);
      frames++;
      bytes += frame.length;
    });
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    problem = error;
    stage.say(`hoplens replay: ${error.message}`);
  }
  stage.say(`played ${frames} frames, ${bytes} bytes`);
  for (const stream of streams) stage.hub.forget(stream);
  return problem;
}

/** Bytes that are played without a pause before readers get their turn. */
const BURST_BYTES = 1 << 20;

async function play(path: string, stage: Stage, push: (frame: Uint8Array) => void): Promise<void> {
  const dueMs = createPace();
  const startedMs = performance.now();
  let burst = 0;
  for await (const frame of readFrames(path)) {
    const waitMs = dueMs(frame) / stage.speed - (performance.now() - startedMs);
    if (waitMs >= 1) await sleep(waitMs, undefined, { signal: stage.signal }).catch(() => {});
    else if (burst + frame.length > BURST_BYTES) await stage.relief();
    burst = waitMs >= 1 || burst + frame.length > BURST_BYTES ? 0 : burst + frame.length;
    if (stage.signal.aborted) return;
    // What it says of the past is for whoever opens the file: to readers of a replay all is now.
    if (framePlace(frame).type !== FrameType.history) push(frame);
  }
}

/** Each round is a start of the agents of its own: another stream of the same node, as sequence and times begin anew. */
function asRound(frame: Uint8Array, round: number): Uint8Array {
  const { stream } = framePlace(frame);
  if (round === 0 || stream === 0) return frame;
  const copy = frame.slice();
  new DataView(copy.buffer).setUint32(8, (stream + round) >>> 0 || 1, true);
  return copy;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** For a second at most: a reader that does not read must not hold the others up. */
async function caughtUp(server: RunningServer): Promise<void> {
  const untilMs = performance.now() + 1000;
  do await sleep(1);
  while (server.hasBacklog() && performance.now() < untilMs);
}

/** Readers get what was played before the connection ends, unless they do not read. */
async function drained(server: RunningServer, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + 5000;
  while (!server.isDrained() && !signal.aborted && performance.now() < untilMs) await sleep(10);
}
