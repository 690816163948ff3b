/**
 * The past as a sequence of frames: first a history message with one moment on the streams' clocks, then each stream's
 * state and frames in order, those of several streams by their age. A snapshot is these bytes, and so is what a newcomer
 * is sent before the live stream.
 */
import { framePlace } from '../server/source.ts';
import { FrameType, NO_STREAM, WireError, decodeFrame } from '../wire/frame.ts';
import { decodeMessage, encodeMessage, type HistoryMessage } from '../wire/messages.ts';
import type { Recorder, Span } from './recorder.ts';

export type Past = AsyncIterable<Uint8Array>;

export const historyFrame = (streams: HistoryMessage['streams'], wallMs: number, isLive: boolean): Uint8Array =>
  encodeMessage({ stream: NO_STREAM, sequence: 0, timeMs: 0 }, { type: 'history', wallMs, streams, isLive });

/** The history message that a frame is; undefined for any other. */
export function historyOf(frame: Uint8Array): HistoryMessage | undefined {
  if (framePlace(frame).type !== FrameType.history) return undefined;
  const message = decodeMessage(decodeFrame(frame)) as HistoryMessage;
  const isGood = Number.isFinite(message.wallMs) && Array.isArray(message.streams) && message.streams.every(isMoment);
  if (!isGood) throw new WireError('json', 'history message without its times');
  return message;
}

const isMoment = (of: Partial<HistoryMessage['streams'][number]> | null): boolean =>
  Number.isInteger(of?.stream) && typeof of?.node === 'string' && Number.isFinite(of.timeMs);

/** What a recorder holds of a span; what comes while it is read too, where the span ends now. */
export async function* pastOf(recorder: Recorder, node: string, span: Span): AsyncGenerator<Uint8Array> {
  const nowMs = performance.now();
  const moment = recorder.moment(nowMs);
  if (!moment) return;
  const cursor = recorder.open(span, nowMs);
  yield historyFrame([{ ...moment, node }], wallMs(), false);
  for (let frame = cursor.next(); frame; frame = cursor.next()) yield await Promise.resolve(frame);
}

const wallMs = (): number => performance.timeOrigin + performance.now();

interface Opened {
  streams: HistoryMessage['streams'];
  /** Our clock when it told its moment. */
  toldMs: number;
  frames: AsyncIterator<Uint8Array>;
  /** The next frame, and its age below zero; undefined at the end. */
  next: Uint8Array | undefined;
  dueMs: number;
}

/**
 * Several pasts as one, by age. One that fails ends; one without a history message, or of a node or stream that an
 * earlier one has already, is left out.
 */
export async function* mergePasts(pasts: Past[]): AsyncGenerator<Uint8Array> {
  const all = (await Promise.all(pasts.map(open))).filter((past) => past !== undefined);
  const opened = withoutRepeats(all);
  try {
    const nowMs = performance.now();
    for (const past of opened) past.streams = momentsAt(past, nowMs);
    yield historyFrame(opened.flatMap(({ streams }) => streams), wallMs(), false); // prettier-ignore
    await Promise.all(opened.map(step));
    for (let past = oldest(opened); past; past = oldest(opened)) {
      yield past.next!;
      await step(past);
    }
  } finally {
    for (const { frames } of all) await frames.return?.();
  }
}

async function open(past: Past): Promise<Opened | undefined> {
  const frames = past[Symbol.asyncIterator]();
  try {
    const first = await frames.next();
    const history = first.done ? undefined : historyOf(first.value);
    return (
      history && { streams: history.streams, toldMs: performance.now(), frames, next: undefined, dueMs: -Infinity }
    );
  } catch {
    return undefined;
  }
}

/** Some told theirs while we waited for others. */
const momentsAt = ({ streams, toldMs }: Opened, nowMs: number): HistoryMessage['streams'] =>
  streams.map((moment) => ({ ...moment, timeMs: moment.timeMs + nowMs - toldMs }));

function withoutRepeats(all: Opened[]): Opened[] {
  const [nodes, streams] = [new Set<string>(), new Set<number>()];
  return all.filter((past) => {
    if (past.streams.some(({ stream, node }) => streams.has(stream) || nodes.has(node))) return false;
    for (const { stream, node } of past.streams) {
      streams.add(stream);
      nodes.add(node);
    }
    return true;
  });
}

const oldest = (opened: Opened[]): Opened | undefined =>
  opened.reduce<Opened | undefined>(
    (best, past) => (past.next && (!best || past.dueMs < best.dueMs) ? past : best),
    undefined,
  );

/** State that stands at the head is due at once: it bears the time of when it was new. */
async function step(past: Opened): Promise<void> {
  try {
    const frame = await past.frames.next();
    past.next = frame.done === true ? undefined : frame.value;
  } catch {
    past.next = undefined;
  }
  if (!past.next) return;
  const { type, stream, timeMs } = framePlace(past.next);
  const moment = past.streams.find((each) => each.stream === stream);
  const isTimed = type === FrameType.legs || type === FrameType.status;
  if (moment && isTimed) past.dueMs = Math.max(past.dueMs, timeMs - moment.timeMs);
}
