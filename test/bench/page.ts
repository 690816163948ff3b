/** Frames to paths in a browser: what the page's worker takes, and what showing it costs the page's main thread. */
import type { Browser, Page } from 'playwright-core';
import {
  createAgent, fields, flannelDevices, framesOf, podFlow, podToPod, type Frame, type Written,
} from '../../agent/paths/synthetic.ts'; // prettier-ignore
import { Kind } from '../../agent/paths/words.ts';
import { servePage } from '../../agent/server/files.ts';
import { startServer } from '../../agent/server/server.ts';
import { createHub, framePlace, type Hub } from '../../agent/server/source.ts';
import { FrameType, HEADER_BYTES, decodeFrame } from '../../agent/wire/frame.ts';
import { decodeLegsPayload, LEGS_HEADER_BYTES, type Columns } from '../../agent/wire/columns.ts';
import { decodeMessage, encodeMessage } from '../../agent/wire/messages.ts';
import { launch, missingBrowser, openPage, pageUrl } from '../page/browser.ts';
import { MAX_ROWS } from '../../dashboard/src/worker/rows.ts';
import type { Benchmark, Context, Figure } from './figure.ts';

const HOPS = 8;

interface Load {
  /** Of the path list. */
  rows: number;
  /** A second. */
  packets: number;
}

/** Many clients ask each of these. */
const SERVERS = 250;
const EXPONENT = 10;
const TICK_MS = 20;
const WARM_MS = 12_000;
const SAMPLE_MS = 3000;
/** At 60 a second. */
const FRAME_US = 1e6 / 60;

/** Both ends of a pair, one of each node. */
function endsOf(pair: number): [string, string] {
  const client = Math.floor(pair / SERVERS);
  return [`10.100.${client >> 8}.${client & 255}`, `10.120.0.${pair % SERVERS}`];
}

/** A second of marks of TCP streams between pods of two nodes, to and fro. */
function aSecond({ rows, packets }: Load): Frame[] {
  const records = Array.from({ length: packets }, (_, i): Written[] => {
    const [from, to] = i % 2 === 0 ? [0, 1] : [1, 0];
    const ends = endsOf((i >> 1) % (Math.min(rows, packets) / 2));
    const flow = { ...podFlow(from, 0, to, 0, 6), source: ends[from], destination: ends[to] };
    return podToPod(from, 0, to, 0).map((hop, place) => ({
      ...hop, flow, timeNs: (i * 1e9) / packets + place * 10_000, identity: [Math.imul(i + 1, 0x9e3779b1) >>> 0, i],
      kind: Kind.mark, level: EXPONENT, exponent: EXPONENT, bytes: hop.encapsulation ? 1564 : 1514,
      sequence: i * 1448, payload: 1448, mark: (i * 1448 + 1023) & ~1023, context: i,
    })); // prettier-ignore
  }).flat();
  const agents = [0, 1].map((node) => createAgent(node, flannelDevices(node), 0, EXPONENT));
  return framesOf(agents, records, 1000).toSorted((a, b) => a.atMs - b.atMs);
}

/** The same second, later: other times, other identities, and where a second has too few packets for all rows other pods. */
function later({ bytes }: Frame, seconds: number, sequence: number, { rows, packets }: Load): Uint8Array {
  const { type, stream, timeMs } = framePlace(bytes);
  if (type !== FrameType.legs) {
    const message = decodeMessage(decodeFrame(bytes));
    const told = 'timeNs' in message ? { ...message, timeNs: message.timeNs + seconds * 1e9 } : message;
    return encodeMessage({ stream, sequence, timeMs }, told);
  }
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  view.setUint32(12, sequence, true);
  view.setFloat64(HEADER_BYTES, view.getFloat64(HEADER_BYTES, true) + seconds * 1e9, true);
  const legs = view.getUint32(HEADER_BYTES + 8, true);
  const identities = new Uint32Array(copy.buffer, HEADER_BYTES + LEGS_HEADER_BYTES, 2 * legs);
  for (let leg = 0; leg < legs; leg++) identities[2 * leg + 1] += (seconds * packets) >>> 0;
  const others = seconds % Math.ceil(rows / packets);
  if (others > 0) renumber(decodeLegsPayload(copy.subarray(HEADER_BYTES), fields).flows, others);
  return copy;
}

/** Other addresses, in their second byte. */
function renumber({ source, destination }: Columns, by: number): void {
  for (const addresses of [source, destination]) for (let at = 13; at < addresses.length; at += 16) addresses[at] += by;
}

/** Sends second after second at the pace of their time. Gives how to end it. */
function play(hub: Hub, frames: readonly Frame[], load: Load): () => void {
  const sequences = new Map<number, number>();
  const startMs = performance.now();
  let [second, next] = [0, 0];
  const timer = setInterval(() => {
    const nowMs = performance.now() - startMs;
    while (second * 1000 + frames[next].atMs <= nowMs) {
      const { type, stream } = framePlace(frames[next].bytes);
      const sequence = sequences.get(stream) ?? 0;
      sequences.set(stream, sequence + 1);
      if (second === 0 || type !== FrameType.hello) hub.push(later(frames[next], second, sequence, load));
      next = (next + 1) % frames.length;
      if (next === 0) second++;
    }
  }, TICK_MS);
  return () => clearInterval(timer);
}

interface Sample {
  /** Records per second of the worker's time. */
  worker: number;
  /** Milliseconds of the main thread's processor time in the busiest frame. */
  frame: number;
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds: when it began, and its thread's processor time. */
  ts: number;
  tdur?: number;
  args: { name?: string };
}

/** Tasks of the page's main thread, summed by frame: the most of them. */
function busiestFrame(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const key = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const main = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(key),
  );
  const frames = new Map<number, number>();
  for (const event of traceEvents) {
    if (event.name !== 'RunTask' || event.tdur === undefined || !main.has(key(event))) continue;
    const frame = Math.floor(event.ts / FRAME_US);
    frames.set(frame, (frames.get(frame) ?? 0) + event.tdur / 1000);
  }
  return Math.max(...frames.values());
}

/** What the page itself says of its worker, and Chromium of its main thread. */
async function sample(browser: Browser, page: Page, { sleep }: Context): Promise<Sample> {
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  await sleep(SAMPLE_MS);
  const frame = busiestFrame(await browser.stopTracing());
  const load = page.locator('[data-testid=load]');
  const records = Number(await load.getAttribute('data-records'));
  const busyMs = Number(await load.getAttribute('data-busy-ms'));
  return { worker: (records * 1000) / busyMs, frame };
}

async function measure(context: Context, load: Load): Promise<Sample[]> {
  const hub = createHub();
  const running = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    sources: () => [hub],
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    ready: () => ({ ready: true, reasons: [] }),
    files: servePage(),
    info: { hoplens: 'bench', recording: false },
  });
  const browser = await launch();
  const stop = play(hub, aSecond(load), load);
  try {
    const page = await openPage(browser, pageUrl(running.url));
    await context.sleep(WARM_MS);
    // While all rows are new it may miss some.
    const missedBefore = running.stats.framesMissed;
    const samples: Sample[] = [];
    while (samples.length < (context.quick ? 3 : 10)) samples.push(await sample(browser, page, context));
    const joined = await page.locator('[data-testid=joined]').textContent();
    if (missedBefore === 0 && parseFloat(joined ?? '') < 99.9) throw new Error(`the page joined ${joined} only`);
    const missed = running.stats.framesMissed - missedBefore;
    if (missed > 0) throw new Error(`the page missed ${missed} frames at ${load.packets * HOPS} records/s`);
    return samples;
  } finally {
    stop();
    await browser.close();
    await running.stop();
  }
}

const figuresOf = ({ rows, packets }: Load, samples: readonly Sample[]): Figure[] => [
  {
    what: `page: frames to figures of ${rows} paths in the browser’s worker`,
    unit: 'records/s and core',
    rounds: samples.map(({ worker }) => worker),
    goal: { value: 200_000, better: 'more' },
  },
  {
    what: `page: main thread in the busiest frame of ${SAMPLE_MS / 1000} s, ${rows} paths, ${packets * HOPS} records/s`,
    unit: 'ms',
    rounds: samples.map(({ frame }) => frame),
    goal: { value: 8, better: 'less' },
  },
];

const of = (name: string, load: Load): Benchmark => ({
  name,
  about: `${load.packets * HOPS} records/s of ${load.rows} paths into the page: what its worker could take, and its main thread per frame`,
  async run(context) {
    if (missingBrowser) throw new Error(`no browser: ${missingBrowser}`);
    return figuresOf(load, await measure(context, load));
  },
});

export const page = of('page', { rows: 64, packets: 200_000 / HOPS });
export const crowd = of('crowd', { rows: MAX_ROWS, packets: 100_000 / HOPS });
