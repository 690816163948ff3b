/** Many pairs of pods in the page's worker: what a view of them takes, and what a row holds. */
import {
  createAgent, framesOf, podFlow, podToPod, type Flow, type Frame, type Written,
} from '../../agent/paths/synthetic.ts'; // prettier-ignore
import { Kind } from '../../agent/paths/words.ts';
import { MAX_ROWS } from '../../dashboard/src/worker/rows.ts';
import { createSession, type Session } from '../../dashboard/src/worker/session.ts';
import { heldMemory } from '../soak/memory.ts';
import { cpuSeconds } from './cpu-time.ts';
import type { Benchmark, Figure } from './figure.ts';

const PACKETS_PER_PAIR = 4;
const SECONDS = 20;
/** By then every verdict is told. */
const UNTIL_MS = (SECONDS + 12) * 1000;
const TICK_MS = 100;
const START_MS = 1.7e12;

const flowOf = (pair: number): Flow => ({
  ...podFlow(0, 0, 1, 0),
  source: `10.0.${pair >> 8}.${pair & 255}`,
  destination: `10.200.${pair >> 8}.${pair & 255}`,
});

/** Pings over eight hops, of one pair after the other. */
function framesOfPairs(pairs: number): Frame[] {
  const packets = pairs * PACKETS_PER_PAIR;
  const records = Array.from({ length: packets }, (_, at): Written[] => {
    const timeNs = 2e9 + Math.floor((at / packets) * SECONDS * 1e9);
    const hopNs = 1000 + ((at * 7919) % 97) * 20;
    return podToPod(0, 0, 1, 0).map((hop, place) => ({
      ...hop, timeNs: timeNs + place * hopNs, identity: [Math.imul(at + 1, 0x9e3779b1) >>> 0, at],
      flow: flowOf(at % pairs), kind: Kind.icmp, level: 9,
    })); // prettier-ignore
  }).flat();
  return framesOf([createAgent(0), createAgent(1)], records, UNTIL_MS).toSorted((a, b) => a.atMs - b.atMs);
}

function play(frames: readonly Frame[]): Session {
  const session = createSession();
  let next = 0;
  for (let nowMs = 0; nowMs <= UNTIL_MS; nowMs += TICK_MS) {
    for (; next < frames.length && frames[next].atMs <= nowMs; next++)
      session.frame(frames[next].bytes, START_MS + frames[next].atMs);
    session.tick(START_MS + nowMs);
  }
  return session;
}

async function measure(pairs: number, count: number): Promise<{ views: number[]; bytes: number }> {
  const frames = framesOfPairs(pairs);
  const before = await heldMemory();
  const session = play(frames);
  const rows = session.view(START_MS + UNTIL_MS).list.paths;
  if (rows !== pairs) throw new Error(`the page has ${rows} rows of ${pairs} pairs`);
  const bytes = (await heldMemory()).bytes - before.bytes;
  const views = Array.from({ length: count }, () => cpuSeconds(() => session.view(START_MS + UNTIL_MS)) * 1000);
  return { views, bytes };
}

export const rows: Benchmark = {
  name: 'rows',
  about: `a view of 1,000 and of ${MAX_ROWS} pairs in the page's worker, and what a row holds`,
  async run({ quick }) {
    const count = quick ? 5 : 30;
    const [few, many] = [await measure(1000, count), await measure(MAX_ROWS, count)];
    const view = (pairs: number, { views }: { views: number[] }): Figure => ({
      what: `page: a view of ${pairs} pairs in the worker`,
      unit: 'ms',
      rounds: views,
    });
    const row = (many.bytes - few.bytes) / (MAX_ROWS - 1000) / 1000;
    return [view(1000, few), view(MAX_ROWS, many), { what: 'page: what a row holds', unit: 'kB', rounds: [row] }];
  },
};
