/**
 * One reader of the stream. Its frames wait in a queue of its own with a limit; what does not fit is lost to this reader
 * alone, whole frames at a time, and it is told as soon as there is room again.
 */
import type { WebSocket } from 'ws';
import type { Span } from '../history/recorder.ts';
import { FrameType } from '../wire/frame.ts';
import { encodeMessage } from '../wire/messages.ts';
import { pastOfSources } from './held.ts';
import { createNewcomer, type Joined, type Newcomer } from './newcomer.ts';
import { framePlace, type FramePlace, type FrameSource } from './source.ts';

export interface ReaderStats {
  framesSent: number;
  bytesSent: number;
  /** Frames that slow readers did not get. */
  framesMissed: number;
  bytesMissed: number;
}

/** Frames of one stream that did not fit. */
interface Gap {
  frames: number;
  bytes: number;
  firstSequence: number;
  last: FramePlace;
}

/** Handed to the socket at a time: little, so that pings pass and progress shows. */
const SOCKET_BYTES = 256 << 10;

export class Reader {
  readonly #socket: WebSocket;
  readonly #sources: FrameSource[];
  readonly #queueBytes: number;
  readonly #stats: ReaderStats;
  readonly #gaps = new Map<number, Gap>();
  readonly #unsubscribe: (() => void)[] = [];
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** While the past is sent. */
  #newcomer: Newcomer | undefined;
  #onFlushed = (): void => {};
  #isStopped = false;
  #isAlive = true;
  #idleChecks = 0;

  /** @param queueBytes frames that wait for this reader, in bytes */
  constructor(socket: WebSocket, sources: FrameSource[], queueBytes: number, stats: ReaderStats) {
    this.#socket = socket;
    this.#sources = sources;
    this.#queueBytes = queueBytes;
    this.#stats = stats;
  }

  /** @param from how long ago to begin, and how many bytes of it at most, which nodes share; without it, now */
  start(from?: { ageMs: number; bytes: number }): void {
    this.#socket.on('pong', () => (this.#isAlive = true));
    const past = from && pastOfSources(this.#sources, (nodes) => spanOf(from, nodes));
    const state = (): Uint8Array[] => this.#sources.flatMap((source) => source.state());
    if (past) this.#newcomer = createNewcomer(state(), past, this.#queueBytes);
    for (const source of this.#sources) {
      if (!this.#newcomer) for (const frame of source.state()) this.#enqueue(frame);
      this.#unsubscribe.push(source.subscribe((frame) => this.#offer(frame)));
    }
    if (this.#newcomer) void this.#beginWith(this.#newcomer);
    else this.#pump();
  }

  /** The past takes no room in the queue: it is read as fast as the socket takes it, so it makes nobody slow. */
  async #beginWith(newcomer: Newcomer): Promise<void> {
    for await (const frame of newcomer.past) {
      if (this.#isStopped) return;
      this.#send(frame);
      while (this.#socket.bufferedAmount >= SOCKET_BYTES && !this.#isStopped)
        await new Promise<void>((resolve) => (this.#onFlushed = resolve));
    }
    this.#newcomer = undefined;
    const { frames, broken } = newcomer.join();
    for (const frame of frames) this.#enqueue(frame);
    for (const each of broken) this.#loseAll(each);
    this.#pump();
  }

  #loseAll({ stream, firstSequence, missing, frames }: Joined['broken'][number]): void {
    const last = { type: FrameType.legs, stream, sequence: firstSequence, timeMs: 0 };
    this.#gaps.set(stream, { frames: missing, bytes: 0, firstSequence, last });
    this.#stats.framesMissed += missing;
    for (const frame of frames) this.#lose(frame);
  }

  stop(): void {
    this.#isStopped = true;
    this.#onFlushed();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /** Asks for a sign of life; false when neither a pong nor any progress came since the last two calls. */
  check(): boolean {
    this.#idleChecks = this.#isAlive ? 0 : this.#idleChecks + 1;
    if (this.#idleChecks >= 2) return false;
    this.#isAlive = false;
    this.#socket.ping();
    return true;
  }

  /** True once everything was handed to the socket. */
  isDrained(): boolean {
    return this.#queue.length === 0 && this.#gaps.size === 0 && !this.#newcomer;
  }

  hasBacklog(): boolean {
    return this.#queue.length > 0 && this.#gaps.size === 0;
  }

  #offer(frame: Uint8Array): void {
    if (this.#newcomer) return this.#newcomer.wait(frame);
    // One that is larger than the queue may still pass alone.
    const isFull = this.#queuedBytes > 0 && this.#queuedBytes + frame.length > this.#queueBytes;
    if (isFull || this.#gaps.size > 0) return this.#lose(frame);
    this.#enqueue(frame);
    this.#pump();
  }

  #enqueue(frame: Uint8Array): void {
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
  }

  #pump = (): void => {
    let sent = 0;
    while (sent < this.#queue.length && this.#socket.bufferedAmount < SOCKET_BYTES)
      this.#sendQueued(this.#queue[sent++]);
    if (sent > 0) this.#queue.splice(0, sent);
    // Half empty before it goes on, or each frame would be a gap of its own.
    if (this.#gaps.size > 0 && this.#queuedBytes <= this.#queueBytes / 2) this.#catchUp();
  };

  #sendQueued(frame: Uint8Array): void {
    this.#queuedBytes -= frame.length;
    this.#send(frame);
  }

  #send(frame: Uint8Array): void {
    this.#stats.framesSent++;
    this.#stats.bytesSent += frame.length;
    this.#socket.send(frame, { binary: true }, this.#flushed);
  }

  #flushed = (error?: Error | null): void => {
    if (error) return;
    this.#isAlive = true;
    this.#onFlushed();
    this.#pump();
  };

  #lose(frame: Uint8Array): void {
    const place = framePlace(frame);
    const gap = this.#gaps.get(place.stream) ?? { frames: 0, bytes: 0, firstSequence: place.sequence, last: place };
    gap.frames++;
    gap.bytes += frame.length;
    gap.last = place;
    this.#gaps.set(place.stream, gap);
    this.#stats.framesMissed++;
    this.#stats.bytesMissed += frame.length;
  }

  /** Of every stream with a gap: what was missed, then its state, which is whole again. */
  #catchUp(): void {
    const state = this.#sources.flatMap((source) => source.state());
    const gaps = [...this.#gaps];
    this.#gaps.clear();
    for (const [stream, gap] of gaps) {
      const resent = state.filter((frame) => framePlace(frame).stream === stream);
      const missed = missedMessage(stream, gap, resent);
      if (missed) this.#enqueue(missed);
      for (const frame of resent) this.#enqueue(frame);
    }
    this.#pump();
  }
}

const spanOf = ({ ageMs, bytes }: { ageMs: number; bytes: number }, nodes: number): Span => ({
  fromAgeMs: ageMs,
  toAgeMs: 0,
  bytes: bytes / Math.max(1, nodes),
});

/** Says how many frames never come: those of the gap less those sent again behind this message. */
function missedMessage(stream: number, gap: Gap, resent: Uint8Array[]): Uint8Array | undefined {
  const late = resent.filter((frame) => ((framePlace(frame).sequence - gap.firstSequence) | 0) >= 0);
  const frames = gap.frames - late.length;
  if (frames <= 0) return undefined;
  const bytes = gap.bytes - late.reduce((sum, frame) => sum + frame.length, 0);
  const { sequence, timeMs } = gap.last;
  return encodeMessage({ stream, sequence, timeMs }, { type: 'missed', frames, bytes });
}
