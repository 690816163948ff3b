/** The agents' own datagrams between nodes (agent/probe): they tell of the clocks, and are nobody's traffic. */
import type { Gathered } from './gather.ts';
import type { LegsFrame } from './legs-frame.ts';
import type { Stream } from './streams.ts';
import type { World } from './verdict.ts';
import { Kind } from './words.ts';

/** Whether it goes from node to node, to where an agent answers or from there. */
export function isProbe({ count, frames, rows, dropCount, dropFrames, dropRows }: Gathered, world: World): boolean {
  if (count > 0) return isOfProbe(frames[0], rows[0], world);
  return dropCount > 0 && isOfProbe(dropFrames[0], dropRows[0], world);
}

function isOfProbe(frame: LegsFrame, row: number, world: World): boolean {
  if (frame.kind[row] !== Kind.udp) return false;
  const flow = frame.flow[row];
  const source = nodeAt(frame.source, flow, world);
  const destination = source && nodeAt(frame.destination, flow, world);
  if (!destination) return false;
  return destination.probePort === frame.destinationPort[flow] || source.probePort === frame.sourcePort[flow];
}

/** The node that has this address itself. */
function nodeAt(addresses: Uint32Array, flow: number, { book, streamOf }: World): Stream | undefined {
  const owner = book.find(addresses, 4 * flow);
  return owner?.ifindex === 0 ? streamOf(owner.node) : undefined;
}
