/** Frames to paths: records per second and core in the assembler, which the viewer runs. */
import { createAssembler } from '../../agent/paths/assemble.ts';
import {
  createAgent, flannelDevices, framesOf, podFlow, podToPod, type Flow, type Frame, type Written,
} from '../../agent/paths/synthetic.ts'; // prettier-ignore
import { Kind } from '../../agent/paths/words.ts';
import { cpuSeconds } from './cpu-time.ts';
import type { Benchmark } from './figure.ts';

const RECORDS_PER_SECOND = 200_000;
const FLOWS = 64;
const HOPS = 8;
const EXPONENT = 10;
const ADVANCE_MS = 50;
/** Verdicts come five seconds after a packet. */
const REST_MS = 8000;

/** The same pods on other ports, forward and back in turn. */
function flowOf(number: number): { from: number; to: number; flow: Flow } {
  const [from, to] = number % 2 === 0 ? [0, 1] : [1, 0];
  return { from, to, flow: { ...podFlow(from, 0, to, 0, 6), sourcePort: 40_000 + number } };
}

/** Marks of TCP streams between two nodes, each at eight hops, 10 µs apart. */
function records(packets: number): Written[] {
  const flows = Array.from({ length: FLOWS }, (_, number) => flowOf(number));
  const gapNs = (HOPS * 1e9) / RECORDS_PER_SECOND;
  return Array.from({ length: packets }, (_, i) => {
    const { from, to, flow } = flows[i % FLOWS];
    const sequence = Math.floor(i / FLOWS) * 1448;
    return podToPod(from, 0, to, 0).map((hop, place) => ({
      ...hop, flow, timeNs: 1e9 + i * gapNs + place * 10_000, identity: [Math.imul(i + 1, 0x9e3779b1) >>> 0, i] as [number, number],
      kind: Kind.mark, level: EXPONENT, exponent: EXPONENT, bytes: hop.encapsulation ? 1564 : 1514,
      sequence, payload: 1448, mark: (sequence + 1023) & ~1023, context: i,
    })); // prettier-ignore
  }).flat();
}

function makeFrames(packets: number): Frame[] {
  const agents = [0, 1].map((node) => createAgent(node, flannelDevices(node), 0, EXPONENT));
  const untilMs = 1000 + (packets * HOPS * 1000) / RECORDS_PER_SECOND + REST_MS;
  return framesOf(agents, records(packets), untilMs).toSorted((a, b) => a.atMs - b.atMs);
}

/** Plays the frames as they would come; gives records per second of CPU time. */
function round(frames: readonly Frame[], packets: number): number {
  let told = 0;
  const assembler = createAssembler(() => void told++);
  const untilMs = frames.at(-1)!.atMs;
  const seconds = cpuSeconds(() => {
    let next = 0;
    for (let nowMs = 0; nowMs <= untilMs; nowMs += ADVANCE_MS) {
      for (; next < frames.length && frames[next].atMs <= nowMs; next++) {
        assembler.push(frames[next].bytes, frames[next].atMs);
      }
      assembler.advance(nowMs);
    }
    assembler.flush(untilMs);
  });
  const { joined } = assembler.summary();
  if (joined !== packets || told !== packets) throw new Error(`${told} paths of ${packets} packets, ${joined} joined`);
  return (packets * HOPS) / seconds;
}

export const paths: Benchmark = {
  name: 'paths',
  about: 'records per second and core from frames of two nodes to paths of eight hops',
  async run({ quick, sleep }) {
    const packets = quick ? 10_000 : 25_000;
    const frames = makeFrames(packets);
    round(frames, packets);
    const rounds: number[] = [];
    while (rounds.length < (quick ? 3 : 12)) {
      rounds.push(round(frames, packets));
      await sleep(0);
    }
    const what = 'paths: frames of two nodes to paths of eight hops';
    return [{ what, unit: 'records/s and core', rounds, goal: { value: 200_000, better: 'more' } }];
  },
};
