/** What the tests of assembled paths share. */
import { createAssembler, type AssemblerOptions } from './assemble.ts';
import { toJson, type JsonPath } from './json.ts';
import { createAgent, flannelDevices, type Agent, type Flow, type Frame, type Hop, type Written } from './synthetic.ts';
import { Kind } from './words.ts';

/** Plays frames as a viewer would get them, and returns what it says. */
export function play(frames: Frame[], untilMs: number, options: Partial<AssemblerOptions> = {}) {
  const paths: JsonPath[] = [];
  const assembler = createAssembler((view) => paths.push(toJson(view)), options);
  const sorted = frames.toSorted((a, b) => a.atMs - b.atMs);
  let next = 0;
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 50) {
    for (; next < sorted.length && sorted[next].atMs <= nowMs; next++)
      assembler.push(sorted[next].bytes, sorted[next].atMs);
    assembler.advance(nowMs);
  }
  assembler.flush(untilMs);
  return { paths, summary: assembler.summary(), assembler };
}

/** Records of one packet along its hops, `stepNs` apart. */
export const along = (hops: Hop[], identity: number, timeNs: number, flow: Flow, more: Partial<Written> = {}): Written[] =>
  hops.map((hop, i) => ({
    ...hop, timeNs: timeNs + i * 1000, identity: [identity, 7], flow, kind: Kind.icmp, level: 30,
    bytes: hop.encapsulation ? 148 : 98, ...more,
  })); // prettier-ignore

export const agentsOf = (count: number, aheadNs: number[] = []): Agent[] =>
  Array.from({ length: count }, (_, node) => createAgent(node, flannelDevices(node), aheadNs[node] ?? 0));

export const lookOf = (path: JsonPath) => path.hops.map((hop) => `${hop.node} ${hop.device} ${hop.direction}`);
