/** Frames to paths in a browser: what the page's worker takes, and what showing it costs the page's main thread. */
import type { Page } from 'playwright-core';
import {
  createAgent, flannelDevices, framesOf, podFlow, podToPod, type Frame, type Written,
} from '../../agent/paths/synthetic.ts'; // prettier-ignore
import { Kind } from '../../agent/paths/words.ts';
import { servePage } from '../../agent/server/files.ts';
import { startServer } from '../../agent/server/server.ts';
import { createHub, framePlace, type Hub } from '../../agent/server/source.ts';
import { FrameType, HEADER_BYTES, decodeFrame } from '../../agent/wire/frame.ts';
import { LEGS_HEADER_BYTES } from '../../agent/wire/columns.ts';
import { decodeMessage, encodeMessage } from '../../agent/wire/messages.ts';
import { launch, missingBrowser, openPage, pageUrl } from '../page/browser.ts';
import type { Benchmark, Context } from './figure.ts';

const RECORDS_PER_SECOND = 200_000;
const HOPS = 8;
const PACKETS = RECORDS_PER_SECOND / HOPS;
/** Rows of the path list. */
const PAIRS = 64;
const EXPONENT = 10;
const TICK_MS = 20;
/** The page shows itself this often (worker/main.ts). */
const VIEW_MS = 500;
const WARM_SECONDS = 10;

/** A second of marks of TCP streams between pods of two nodes, to and fro. */
function aSecond(): Frame[] {
  const records = Array.from({ length: PACKETS }, (_, i): Written[] => {
    const [from, to] = i % 2 === 0 ? [0, 1] : [1, 0];
    const pod = (node: number): string => `10.244.${node + 1}.${2 + ((i >> 1) % (PAIRS / 2))}`;
    const flow = { ...podFlow(from, 0, to, 0, 6), source: pod(from), destination: pod(to) };
    return podToPod(from, 0, to, 0).map((hop, place) => ({
      ...hop, flow, timeNs: (i * 1e9) / PACKETS + place * 10_000, identity: [Math.imul(i + 1, 0x9e3779b1) >>> 0, i],
      kind: Kind.mark, level: EXPONENT, exponent: EXPONENT, bytes: hop.encapsulation ? 1564 : 1514,
      sequence: i * 1448, payload: 1448, mark: (i * 1448 + 1023) & ~1023, context: i,
    })); // prettier-ignore
  }).flat();
  const agents = [0, 1].map((node) => createAgent(node, flannelDevices(node), 0, EXPONENT));
  return framesOf(agents, records, 1000).toSorted((a, b) => a.atMs - b.atMs);
}

/** The same second, later: other times, other identities. */
function later({ bytes }: Frame, seconds: number, sequence: number): Uint8Array {
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
  for (let leg = 0; leg < legs; leg++) identities[2 * leg + 1] += (seconds * PACKETS) >>> 0;
  return copy;
}

/** Sends second after second at the pace of their time. Gives how to end it. */
function play(hub: Hub, frames: readonly Frame[]): () => void {
  const sequences = new Map<number, number>();
  const startMs = performance.now();
  let [second, next] = [0, 0];
  const timer = setInterval(() => {
    const nowMs = performance.now() - startMs;
    while (second * 1000 + frames[next].atMs <= nowMs) {
      const { type, stream } = framePlace(frames[next].bytes);
      const sequence = sequences.get(stream) ?? 0;
      sequences.set(stream, sequence + 1);
      if (second === 0 || type !== FrameType.hello) hub.push(later(frames[next], second, sequence));
      next = (next + 1) % frames.length;
      if (next === 0) second++;
    }
  }, TICK_MS);
  return () => clearInterval(timer);
}

interface Sample {
  /** Records per second of the worker's time. */
  worker: number;
  /** Milliseconds of the main thread for each view. */
  mainMs: number;
}

/** What the page itself says of its worker, and Chromium of its main thread. */
async function sampler(page: Page, { sleep }: Context): Promise<(seconds: number) => Promise<Sample>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const taskSeconds = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
  return async (seconds) => {
    const before = await taskSeconds();
    await sleep(seconds * 1000);
    const spentMs = ((await taskSeconds()) - before) * 1000;
    const load = page.locator('[data-testid=load]');
    const records = Number(await load.getAttribute('data-records'));
    const busyMs = Number(await load.getAttribute('data-busy-ms'));
    return { worker: (records * 1000) / busyMs, mainMs: spentMs / ((seconds * 1000) / VIEW_MS) };
  };
}

async function measure(context: Context): Promise<Sample[]> {
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
  const stop = play(hub, aSecond());
  try {
    const page = await openPage(browser, pageUrl(running.url));
    await context.sleep(WARM_SECONDS * 1000);
    const sample = await sampler(page, context);
    const samples: Sample[] = [];
    while (samples.length < (context.quick ? 3 : 10)) samples.push(await sample(3));
    const { framesMissed } = running.stats;
    if (framesMissed > 0) throw new Error(`the page missed ${framesMissed} frames at ${RECORDS_PER_SECOND} records/s`);
    return samples;
  } finally {
    stop();
    await browser.close();
    await running.stop();
  }
}

export const page: Benchmark = {
  name: 'page',
  about: `${RECORDS_PER_SECOND} records/s into the page: what its worker could take, and its main thread per view`,
  async run(context) {
    if (missingBrowser) throw new Error(`no browser: ${missingBrowser}`);
    const samples = await measure(context);
    return [
      {
        what: 'page: frames to paths and figures in the browser’s worker',
        unit: 'records/s and core',
        rounds: samples.map((sample) => sample.worker),
        goal: { value: 200_000, better: 'more' },
      },
      {
        what: `page: main thread per view, ${PAIRS} paths, ${RECORDS_PER_SECOND} records/s`,
        unit: 'ms',
        rounds: samples.map((sample) => sample.mainMs),
        goal: { value: 8, better: 'less' },
      },
    ];
  },
};
