/** The agents' own datagrams, as the viewer takes them. */
import { describe, expect, it } from 'vitest';
import { createAssembler } from './assemble.ts';
import { toJson, type JsonPath } from './json.ts';
import {
  Ifindex, createAgent, flannelDevices, framesOf, nodeAddress, podAddress, podFlow, podToPod, type Flow, type Hop, type Written,
} from './synthetic.ts'; // prettier-ignore
import { Direction, Kind } from './words.ts';

const PORT = 9430;
const AHEAD_NS = 50e6;
const END_MS = 12_000;

const wire = (from: number, to: number): Hop[] => [
  { node: from, ifindex: Ifindex.eth0, direction: Direction.egress },
  { node: to, ifindex: Ifindex.eth0, direction: Direction.ingress },
];

const written = (hops: Hop[], identity: number, timeNs: number, flow: Flow, kind: number): Written[] =>
  hops.map((hop, at) => ({ ...hop, timeNs: timeNs + 10_000 * at, identity: [0, identity], flow, kind, level: 31 }));

const question: Flow = { source: nodeAddress(0), destination: nodeAddress(1), sourcePort: 40_000, destinationPort: PORT, protocol: 17 }; // prettier-ignore
const answer: Flow = { source: nodeAddress(1), destination: nodeAddress(0), sourcePort: PORT, destinationPort: 40_000, protocol: 17 }; // prettier-ignore

/** One question and its answer. */
const asked = (number: number, timeNs: number): Written[] => [
  ...written(wire(0, 1), 2 * number, timeNs, question, Kind.udp),
  ...written(wire(1, 0), 2 * number + 1, timeNs + 100_000, answer, Kind.udp),
];

/** Questions of three seconds, every 200 ms. */
const probe = Array.from({ length: 15 }, (_, number) => asked(number, 1e9 + number * 200e6)).flat();
const ping = written(podToPod(0, 0, 1, 0), 1000, 3.5e9, podFlow(0, 0, 1, 0), Kind.icmp);

function play(records: Written[], probePort?: number) {
  const paths: JsonPath[] = [];
  const agents = [createAgent(0), createAgent(1, flannelDevices(1), AHEAD_NS, 0, probePort)];
  const assembler = createAssembler((view) => paths.push(toJson(view)));
  for (const { bytes, atMs } of framesOf(agents, records, END_MS).toSorted((a, b) => a.atMs - b.atMs)) {
    assembler.push(bytes, atMs);
    assembler.advance(atMs);
  }
  assembler.flush(END_MS);
  return { paths, summary: assembler.summary() };
}

const wireOf = (path: JsonPath) => path.segments.find(({ name }) => name === 'wire')!;

describe('the probe', () => {
  it('lets the wire time of a single ping be known', () => {
    const { durationNs, boundNs } = wireOf(play([...probe, ...ping], PORT).paths[0]);
    expect(Math.abs(durationNs! - 10_000)).toBeLessThanOrEqual(boundNs!);
    expect(boundNs).toBeLessThan(200_000);
    expect(wireOf(play(ping).paths[0]).durationNs).toBeNull();
  });

  it('is no path, and nothing of it is counted, nor what is lost of it', () => {
    const lost = written(wire(0, 1).slice(0, 1), 500, 2e9, question, Kind.udp);
    const dropped = lost.map((record) => ({ ...record, timeNs: 2.1e9, identity: [0, 501] as [number, number], direction: Direction.drop })); // prettier-ignore
    const { paths, summary } = play([...probe, ...lost, ...dropped], PORT);
    expect(paths).toEqual([]);
    expect(summary).toMatchObject({ sampled: 0, joined: 0, undecided: 0, lostByNetwork: { dropped: 0, vanished: 0 } });
  });

  it('is nothing else at that port: not where no agent answers, not of a pod, not another protocol', () => {
    expect(play(probe).paths).toHaveLength(30);
    const pods: Flow = { ...question, source: podAddress(0, 0) };
    expect(play(written(podToPod(0, 0, 1, 0), 1, 1e9, pods, Kind.udp), PORT).paths).toHaveLength(1);
    expect(play(written(wire(0, 1), 1, 1e9, { ...question, protocol: 6 }, Kind.syn), PORT).paths).toHaveLength(1);
  });
});
