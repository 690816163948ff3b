/** The page's worker: everything between the socket and the columns that the page draws. */
import { LEGS_RECORDS_OFFSET, isLegs } from './counting.ts';
import { buffersOf } from './columns.ts';
import { connect, type Connected } from './connection.ts';
import { createFollowing } from './following.ts';
import type { Choice, Connection, Order, Report } from './messages.ts';
import { createPlayer } from './player.ts';
import { FileError, framesOf, takeSnapshot } from './files.ts';
import type { Span } from '../lib/span.ts';
import { timeBuffers } from './timeline.ts';

const TICK_MS = 100;
const VIEW_MS = 500;
const MEASURE_MS = 1000;

/** So long ago the page begins, if the agents remember. */
const PAST_SECONDS = 600;

let player = createPlayer();
/** The page's choices, for the next session too. */
const choices = new Map<Choice['type'], Choice>();
let source: { base: string; token: string | undefined } = { base: '', token: undefined };
let connected: Connected | undefined;
const following = createFollowing(
  (name) => player.session.addressesOf(name),
  (control) => connected?.send(control),
);
/** In this second, and in the one before. */
let busy = { ms: 0, records: 0 };
let measured = busy;

const wallMs = (): number => performance.timeOrigin + performance.now();

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
  timed(() => player.frame(bytes, wallMs()));
}

function postView(): void {
  timed(() => {
    const view = player.session.view(player.nowMs(wallMs()));
    post({ ...view, busyMs: measured.ms, recordsPerSecond: measured.records }, [
      ...buffersOf(view.rows),
      ...timeBuffers(view.time),
    ]);
  });
}

function takeState(connection: Connection): void {
  post({ type: 'connection', connection });
  if (connection.state === 'down') player.down();
  if (connection.state === 'up') following.up();
  // What a recording showed last stays.
  if (connection.state === 'ended') player.session.end(wallMs());
}

function beginAnew(file: string | undefined): void {
  player = createPlayer();
  post({ type: 'session', file });
  for (const order of choices.values()) choose(order);
}

async function open(file: File): Promise<void> {
  const frames = framesOf(file, file.name);
  try {
    // Only a file that can be read takes the place of what is shown.
    const first = await frames.next();
    connected?.end();
    connected = undefined;
    beginAnew(file.name);
    const opened = player;
    post({ type: 'connection', connection: { state: 'up' } });
    if (first.done !== true) opened.fileFrame(first.value);
    for await (const frame of frames) {
      if (player !== opened) return;
      timed(() => opened.fileFrame(frame));
    }
  } catch (error) {
    tellProblem(error);
  }
  if (!player.isFile()) return;
  player.end();
  post({ type: 'connection', connection: { state: 'ended' } });
  postView();
}

async function save(span: Span, pseudonymize: boolean): Promise<void> {
  try {
    post({ type: 'saved', blob: await takeSnapshot({ ...source, span, pseudonymize }, wallMs()) });
  } catch (error) {
    tellProblem(error);
  }
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
    onServed: ({ hoplens, recording }) => post({ type: 'served', served: { hoplens, recording } }),
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
    case 'pick':
      return post({ type: 'picked', number: order.number, packets: player.session.pick(order.wanted) });
    case 'window':
    case 'filter':
    case 'focus':
    case 'packet':
    case 'time':
    case 'show':
    case 'look':
      choices.set(order.type, order);
      choose(order);
      postView();
  }
}

function choose(order: Choice): void {
  const { session } = player;
  switch (order.type) {
    case 'window':
      return session.setWindow(order.seconds);
    case 'filter':
      return session.setFilter(order.text);
    case 'focus':
      return session.setFocus(order.name);
    case 'packet':
      return session.setPacket(order.name);
    case 'show':
      return session.setShow(order.show, order.finest);
    case 'time':
      return session.setTime(order.of, order.segment);
    case 'look':
      return session.look(order.span, order.axis);
  }
}

self.onmessage = ({ data }: MessageEvent<Order>) => obey(data);
setInterval(() => timed(() => player.tick(wallMs())), TICK_MS);
setInterval(postView, VIEW_MS);
setInterval(() => {
  measured = busy;
  busy = { ms: 0, records: 0 };
}, MEASURE_MS);
