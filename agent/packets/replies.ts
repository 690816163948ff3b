/** Kept packets that wait for the next one of the same connection to come back, to be kept beside them. */
import { flowAt, type PathView } from '../paths/view.ts';
import { nodeNsOf, type Store } from './store.ts';

export interface Replies {
  wait(packet: number): void;
  cancel(packet: number): void;
  /** Who waited for this one; they wait no more. */
  answeredBy(view: PathView): number[];
  /** What has not come until then will not. */
  expire(beforeSecond: number): void;
}

const MAX_WAITING = 4096;
const nobody: number[] = [];

export function createReplies(store: Store): Replies {
  const waiting = new Map<number, number[]>();
  let count = 0;

  /** Of the flow in which an answer to its last hop comes in. */
  function keyOf(packet: number): number {
    const { hops, packets } = store;
    const hop = packets.lastHop[packet];
    const ports = (hops.destinationPort[hop] << 16) | hops.sourcePort[hop];
    return flowHash(hops.destination, 4 * hop, hops.source, 4 * hop, ports);
  }

  function isAnswer(packet: number, view: PathView): boolean {
    const { hops, packets } = store;
    const hop = packets.lastHop[packet];
    const [frame, flow] = [view.frames[0], flowAt(view, 0)];
    return (
      packets.lastStream[packet] === frame.stream.id &&
      nodeNsOf(view, 0) >= packets.lastNs[packet] &&
      isSame(hops.source, 4 * hop, frame.destination, 4 * flow) &&
      isSame(hops.destination, 4 * hop, frame.source, 4 * flow) &&
      hops.sourcePort[hop] === frame.destinationPort[flow] &&
      hops.destinationPort[hop] === frame.sourcePort[flow]
    );
  }

  function keep(key: number, before: number[], left: number[]): void {
    count += left.length - before.length;
    if (left.length === 0) waiting.delete(key);
    else waiting.set(key, left);
  }

  return {
    wait(packet) {
      if (count >= MAX_WAITING) return;
      const key = keyOf(packet);
      const before = waiting.get(key) ?? nobody;
      keep(key, before, [...before, packet]);
    },
    cancel(packet) {
      const key = keyOf(packet);
      const before = waiting.get(key) ?? nobody;
      keep(key, before, before.filter((one) => one !== packet)); // prettier-ignore
    },
    answeredBy(view) {
      const [frame, flow] = [view.frames[0], flowAt(view, 0)];
      const ports = (frame.sourcePort[flow] << 16) | frame.destinationPort[flow];
      const key = flowHash(frame.source, 4 * flow, frame.destination, 4 * flow, ports);
      const before = waiting.get(key);
      if (!before) return nobody;
      const answered = before.filter((packet) => isAnswer(packet, view));
      if (answered.length > 0) keep(key, before, before.filter((packet) => !answered.includes(packet))); // prettier-ignore
      return answered;
    },
    expire(beforeSecond) {
      for (const [key, before] of waiting) {
        keep(key, before, before.filter((packet) => store.packets.second[packet] >= beforeSecond)); // prettier-ignore
      }
    },
  };
}

const isSame = (a: Uint32Array, at: number, b: Uint32Array, bt: number): boolean =>
  a[at] === b[bt] && a[at + 1] === b[bt + 1] && a[at + 2] === b[bt + 2] && a[at + 3] === b[bt + 3];

/** Protocols need not be told apart: who is found by it is looked at. */
function flowHash(source: Uint32Array, from: number, destination: Uint32Array, to: number, ports: number): number {
  let hash = ports;
  for (let word = 0; word < 4; word++) {
    hash = Math.imul(hash ^ source[from + word], 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ destination[to + word], 0x85ebca6b);
  }
  return hash >>> 0;
}
