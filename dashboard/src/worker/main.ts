/** The page's worker: everything between the socket and the columns that the page draws. */
import { LEGS_RECORDS_OFFSET, isLegs } from './counting.ts';
import { buffersOf } from './columns.ts';
import { connect, type Connected } from './connection.ts';
import { createFollowing } from './following.ts';
import type { Connection, Order, Report } from './messages.ts';
import { createPlayer } from './player.ts';
import { timeBuffers } from './timeline.ts';

const TICK_MS = 100;
const VIEW_MS = 500;
const MEASURE_MS = 1000;

/** So long ago the page begins, if the agents remember. */
const PAST_SECONDS = 600;

const player = createPlayer();
const { session } = player;
let connected: Connected | undefined;
const following = createFollowing(session.addressesOf, (control) => connected?.send(control));
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
    const view = session.view(player.nowMs(wallMs()));
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
  if (connection.state === 'ended') session.end(wallMs());
}

function start(base: string, token: string | undefined): void {
  connected?.end();
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
    case 'window':
      session.setWindow(order.seconds);
      return postView();
    case 'filter':
      session.setFilter(order.text);
      return postView();
    case 'follow':
      return following.ask(order.text);
    case 'focus':
      session.setFocus(order.name);
      return postView();
    case 'packet':
      session.setPacket(order.name);
      return postView();
    case 'pick':
      return post({ type: 'picked', number: order.number, packets: session.pick(order.wanted) });
    case 'time':
      session.setTime(order.of, order.segment);
      return postView();
    case 'show':
      session.setShow(order.show, order.finest);
      return postView();
    case 'look':
      session.look(order.span, order.axis);
      return postView();
  }
}

self.onmessage = ({ data }: MessageEvent<Order>) => obey(data);
setInterval(() => timed(() => player.tick(wallMs())), TICK_MS);
setInterval(postView, VIEW_MS);
setInterval(() => {
  measured = busy;
  busy = { ms: 0, records: 0 };
}, MEASURE_MS);
