/** The page's worker: everything between the socket and the columns that the page draws. */
import { LEGS_RECORDS_OFFSET, isLegs } from './counting.ts';
import { connect, type Connected } from './connection.ts';
import { createFollowing } from './following.ts';
import type { Answer, Choices, Connection, Order, Question, Report } from './messages.ts';
import { createPlayer, type Player } from './player.ts';
import { FileError, framesOf, takeSnapshot } from './files.ts';
import { WireError } from '../../../agent/wire/frame.ts';
import { createKept, type Kept } from './kept.ts';
import type { Span } from '../lib/span.ts';
import { keptSource, type Source } from './source.ts';
import { KEPT_SECONDS, type Session } from './session.ts';
import { timeBuffers } from './timeline.ts';
import { wallMs } from './wall.ts';

const TICK_MS = 100;
const VIEW_MS = 500;
const MEASURE_MS = 1000;

/** So long ago the page begins, if the agents remember. */
const PAST_SECONDS = 600;

let player = createPlayer();
/** The page's, for the next session too. */
let choices: Choices | undefined;
let source: { base: string; token: string | undefined } = { base: '', token: undefined };
/** The file that is shown. */
let shownFile: File | undefined;
/** Of a replay, as long as its seconds are shown. */
let kept: Kept | undefined;
const KEPT = { ms: KEPT_SECONDS * 1000, bytes: 64 << 20 };
let connected: Connected | undefined;
const following = createFollowing(
  (name) => player.session.addressesOf(name),
  (control) => connected?.send(control),
);
/** In this second, and in the one before. */
let busy = { ms: 0, records: 0 };
let measured = busy;

const post = (report: Report, buffers: ArrayBuffer[] = []): void => {
  (self as unknown as Worker).postMessage(report, buffers);
};

function timed(work: () => void): void {
  const startMs = performance.now();
  work();
  busy.ms += performance.now() - startMs;
}

function takeFrame(bytes: Uint8Array): void {
  if (isLegs(bytes)) busy.records += new DataView(bytes.buffer).getUint32(LEGS_RECORDS_OFFSET, true);
  const nowMs = wallMs();
  kept?.push(bytes, nowMs);
  timed(() => player.frame(bytes, nowMs));
}

function postView(): void {
  timed(() => {
    const view = player.session.view(player.nowMs(wallMs()));
    post({ ...view, busyMs: measured.ms, recordsPerSecond: measured.records }, timeBuffers(view.time));
  });
}

function takeState(connection: Connection): void {
  post({ type: 'connection', connection });
  if (connection.state === 'down') player.down();
  if (connection.state === 'up') following.up();
  // What a recording showed last stays.
  if (connection.state === 'ended') player.session.end(wallMs());
}

function beginAnew(file: File | undefined): void {
  player = createPlayer();
  [shownFile, kept] = [file, undefined];
  post({ type: 'session', file: file?.name });
  applyChoices();
}

/** Only a file that can be read takes the place of what is shown. */
function beginFile(file: File): Player {
  connected?.end();
  connected = undefined;
  beginAnew(file);
  post({ type: 'connection', connection: { state: 'up' } });
  return player;
}

async function open(file: File): Promise<void> {
  let opened: Player | undefined;
  try {
    for await (const frame of framesOf(file, file.name)) {
      const shown = (opened ??= beginFile(file));
      if (player !== shown) return;
      timed(() => shown.fileFrame(frame));
    }
  } catch (error) {
    tellProblem(error instanceof WireError ? damaged(file.name, error) : error);
  }
  // Another one may have taken its place meanwhile.
  if (player !== opened) return;
  opened.end();
  post({ type: 'connection', connection: { state: 'ended' } });
  postView();
}

/** A whole frame whose content is not. */
const damaged = (name: string, { message }: WireError): FileError =>
  new FileError(`${name} is damaged: ${message}. What stands before is shown.`);

async function save(span: Span, pseudonymize: boolean): Promise<void> {
  try {
    post({ type: 'saved', blob: await takeSnapshot({ ...source, span, pseudonymize }, wallMs()) });
  } catch (error) {
    tellProblem(error);
  }
}

function sourceOfShown(): Source {
  if (shownFile) return { from: 'file', file: shownFile };
  return kept ? keptSource(kept.frames()) : { from: 'agents', ...source };
}

function tellProblem(error: unknown): void {
  if (!(error instanceof FileError)) throw error;
  post({ type: 'problem', text: error.message });
}

function start(base: string, token: string | undefined): void {
  connected?.end();
  source = { base, token };
  if (player.isFile()) beginAnew(undefined);
  connected = connect({
    base,
    token,
    pastSeconds: () => (player.isFresh() ? PAST_SECONDS : 0),
    onFrame: takeFrame,
    onState: takeState,
    onServed: ({ hoplens, recording }) => {
      kept = recording ? (kept ?? createKept(KEPT)) : undefined;
      post({ type: 'served', served: { hoplens, recording } });
    },
  });
}

function obey(order: Order): void {
  switch (order.type) {
    case 'start':
      return start(order.base, order.token);
    case 'follow':
      return following.ask(order.text);
    case 'open':
      return void open(order.file);
    case 'save':
      return void save(order.span, order.pseudonymize);
    case 'ask':
      return post({ type: 'answer', number: order.number, answer: answer(order.question) });
    case 'see':
      return tellList(({ list }) => list.see(order));
    case 'point':
      return tellList(({ list }) => list.point(order.id));
    case 'move':
      return tellList(({ list }) => list.move(order.by));
    case 'choose':
      choices = order.choices;
      applyChoices();
      return postView();
  }
}

/** Each kind is asked what belongs to it (`Questions`). */
const answer = ({ kind, asked }: Question): Answer =>
  kind === 'source' ? sourceOfShown() : player.session.ask[kind](asked as never);

/** At once: somebody scrolls. */
function tellList(change: (session: Session) => void): void {
  timed(() => {
    change(player.session);
    post({ type: 'list', list: player.session.list.view() });
  });
}

function applyChoices(): void {
  if (choices) player.session.choose(choices);
}

self.onmessage = ({ data }: MessageEvent<Order>) => obey(data);
setInterval(() => timed(() => player.tick(wallMs())), TICK_MS);
setInterval(postView, VIEW_MS);
setInterval(() => {
  measured = busy;
  busy = { ms: 0, records: 0 };
}, MEASURE_MS);
