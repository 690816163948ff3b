/** Many pairs of pods in the page's worker: what their packets and a view of them take, and what a row holds. */
import { createAgent, podFlow, podToPod, type Agent, type Flow, type Frame, type Written } from '../../agent/paths/synthetic.ts'; // prettier-ignore
import { Kind } from '../../agent/paths/words.ts';
import { MAX_ROWS } from '../../dashboard/src/worker/rows.ts';
import { createSession, type Session } from '../../dashboard/src/worker/session.ts';
import { heldMemory } from '../soak/memory.ts';
import { cpuSeconds } from './cpu-time.ts';
import type { Benchmark, Figure } from './figure.ts';

const PACKETS_PER_PAIR = 4;
/** The first packets come in this second, for so long. */
const FROM = 2;
const SECONDS = 20;
/** By then every verdict is told. */
const UNTIL = FROM + SECONDS + 10;
const TICK_MS = 100;
const FRAME_MS = 20;
const STATUS_MS = 500;
const VIEW_MS = 500;
const VIEWS = 4;
const START_MS = 1.7e12;

/** Many pods ask each of these. */
const SERVERS = 250;

const flowOf = (pair: number): Flow => {
  const client = Math.floor(pair / SERVERS);
  return { ...podFlow(0, 0, 1, 0), source: `10.0.${client >> 8}.${client & 255}`, destination: `10.200.0.${pair % SERVERS}` };
}; // prettier-ignore

/** A ping over eight hops. */
function packetOf(number: number, pair: number, timeNs: number): Written[] {
  const hopNs = 1000 + ((number * 7919) % 97) * 20;
  return podToPod(0, 0, 1, 0).map((hop, place) => ({
    ...hop, timeNs: timeNs + place * hopNs, identity: [Math.imul(number + 1, 0x9e3779b1) >>> 0, number],
    flow: flowOf(pair), kind: Kind.icmp, level: 9,
  })); // prettier-ignore
}

/** What both nodes send in these milliseconds: packets of one pair after the other. */
function framesAt(agents: readonly Agent[], fromMs: number, pairs: number): Frame[] {
  const packets = pairs * PACKETS_PER_PAIR;
  const before = (ms: number): number =>
    Math.floor(packets * Math.min(1, Math.max(0, (ms - FROM * 1000) / (SECONDS * 1000))));
  const [first, end] = [before(fromMs), before(fromMs + FRAME_MS)];
  const records = Array.from({ length: end - first }, (_, at) =>
    packetOf(first + at, (first + at) % pairs, fromMs * 1e6 + (at / (end - first)) * FRAME_MS * 1e6),
  ).flat();
  const atMs = fromMs + 2 * FRAME_MS;
  return agents.flatMap((agent, node) => {
    const own = records.filter((record) => record.node === node);
    return [
      ...(fromMs === 0 ? [agent.hello(0)] : []),
      ...(own.length > 0 ? [agent.legs(atMs, own)] : []),
      ...(fromMs % STATUS_MS === 0 ? [agent.status(atMs)] : []),
    ];
  });
}

function framesOfPairs(pairs: number): Frame[] {
  const agents = [createAgent(0), createAgent(1)];
  const frames: Frame[] = [];
  for (let ms = 0; ms < UNTIL * 1000; ms += FRAME_MS) frames.push(...framesAt(agents, ms, pairs));
  return frames;
}

function play(frames: readonly Frame[]): Session {
  const session = createSession();
  let next = 0;
  for (let nowMs = 0; nowMs <= UNTIL * 1000; nowMs += TICK_MS) {
    for (; next < frames.length && frames[next].atMs <= nowMs; next++)
      session.frame(frames[next].bytes, START_MS + frames[next].atMs);
    session.tick(START_MS + nowMs);
  }
  return session;
}

interface Measured {
  /** Of one packet, in microseconds. */
  packet: number;
  /** Of views half a second apart, in milliseconds, a few of them together: of many rows not each makes everything anew. */
  views: Record<'ruler' | 'map' | 'nodes', number[]>;
  bytes: number;
}

async function measure(pairs: number, count: number): Promise<Measured> {
  const frames = framesOfPairs(pairs);
  const before = await heldMemory();
  let session!: Session;
  const packet = (cpuSeconds(() => void (session = play(frames))) * 1e6) / (pairs * PACKETS_PER_PAIR);
  let nowMs = START_MS + UNTIL * 1000;
  const paths = session.view(nowMs).list.paths;
  if (paths !== pairs) throw new Error(`the page has ${paths} rows of ${pairs} pairs`);
  const bytes = (await heldMemory()).bytes - before.bytes;
  const view = (): number => {
    const seconds = cpuSeconds(() => {
      for (let at = 0; at < VIEWS; at++) session.view((nowMs += VIEW_MS));
    });
    return (seconds * 1000) / VIEWS;
  };
  const viewsOf = (show: 'ruler' | 'map' | 'nodes'): number[] => {
    session.choose({ show });
    return Array.from({ length: count }, view);
  };
  return { packet, bytes, views: { ruler: viewsOf('ruler'), map: viewsOf('map'), nodes: viewsOf('nodes') } };
}

export const rows: Benchmark = {
  name: 'rows',
  about: `1,000 and ${MAX_ROWS} pairs in the page's worker: a packet, a view, and what a row holds`,
  async run({ quick }) {
    const count = quick ? 3 : 10;
    const all = [[1000, await measure(1000, count)], [MAX_ROWS, await measure(MAX_ROWS, count)]] as const; // prettier-ignore
    const row = (all[1][1].bytes - all[0][1].bytes) / (MAX_ROWS - 1000) / 1000;
    const packet = {
      what: `page: a packet of ${MAX_ROWS} pairs, new ones among them`,
      unit: 'µs',
      rounds: [all[1][1].packet],
    };
    const figures = all.flatMap(([pairs, { views }]): Figure[] => [
      { what: `page: a view of ${pairs} pairs in the worker`, unit: 'ms', rounds: views.ruler },
      { what: `page: a view with the map of ${pairs} pairs`, unit: 'ms', rounds: views.map },
      { what: `page: a view with the matrix of ${pairs} pairs`, unit: 'ms', rounds: views.nodes },
    ]);
    return [...figures, packet, { what: 'page: what a row holds', unit: 'kB', rounds: [row] }];
  },
};
