/** What the tests of trace share: pings between pods of two nodes, as agents would have written them. */
import {
  createAgent,
  flannelDevices,
  framesOf,
  podFlow,
  podToPod,
  type Frame,
  type Written,
} from '../paths/synthetic.ts';
import { Kind } from '../paths/words.ts';
import type { Device } from '../wire/messages.ts';
import type { FrameFeed } from './options.ts';

/** When each of the eight hops is passed, since the first. */
export const stepsNs = [0, 800, 2900, 6800, 47_800, 51_000, 52_900, 53_800];

export const devicesWith =
  (foreign: number) =>
  (node: number): Device[] =>
    flannelDevices(node).map((device) => ({ ...device, foreignPrograms: { ingress: foreign, egress: 0 } }));

/** One ping from a node's first pod to the other node's. `slowNs`: how much longer the wire takes. */
export const ping = (identity: number, from: number, startNs: number, slowNs = 0): Written[] =>
  podToPod(from, 0, 1 - from, 0).map((hop, at) => ({
    ...hop, timeNs: startNs + stepsNs[at] + (at < 4 ? 0 : slowNs), identity: [identity, from], flow: podFlow(from, 0, 1 - from, 0),
    kind: Kind.icmp, level: 9, bytes: hop.encapsulation ? 148 : 98,
  })); // prettier-ignore

/** What both agents said in the first `untilMs` of their streams, in order. */
export function framesOfPings(records: Written[], untilMs: number, devicesOf = flannelDevices): Frame[] {
  const agents = [createAgent(0, devicesOf(0)), createAgent(1, devicesOf(1), 5e9)];
  return framesOf(agents, records, untilMs).sort((a, b) => a.atMs - b.atMs);
}

/** Comes as the past of a gateway whose agents have just fallen silent. */
export function pastFeed(frames: Frame[]): FrameFeed {
  let isPast = false;
  return {
    start(onFrame) {
      const startMs = performance.now() - frames.at(-1)!.atMs;
      isPast = true;
      for (const { bytes, atMs } of frames) onFrame(bytes, startMs + atMs);
      isPast = false;
    },
    stop: () => {},
    isPast: () => isPast,
  };
}
