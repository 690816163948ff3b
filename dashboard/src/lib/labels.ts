/** What stands on a ruler beside its lengths. */
import { labelOf, type Name } from '../../../agent/names/name.ts';
import type { Shape, ShapeHop } from '../../../agent/trace/shape.ts';

/** Cut in the middle: both ends of a name tell more. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

/** One end where room is short: its own name, without the namespace. */
export const shortEnd = (name: Name | undefined, address: string): string =>
  name ? shorten(name.name, 10) : shorten(address, 12);

/** One end in full: an address stays what people search for. */
export const endTitle = (name: Name | undefined, address: string): string =>
  name ? `${labelOf(name)}, ${address}` : address;

/** A hop in full. */
export const hopTitle = ({ node, device, kind, direction, source, destination }: ShapeHop): string =>
  `${node} ${device} (${kind}) ${direction}: ${source} ▸ ${destination}`;

/** Neighbouring hops of one node, by index. */
export function nodeFrames(hops: readonly { node: string }[]): { name: string; first: number; last: number }[] {
  const frames: { name: string; first: number; last: number }[] = [];
  hops.forEach(({ node }, hop) => {
    const frame = frames.at(-1);
    if (frame?.name === node) frame.last = hop;
    else frames.push({ name: node, first: hop, last: hop });
  });
  return frames;
}

/** Hops between which the tunnel's header is on. */
export function sleeveOf({ segments }: Pick<Shape, 'segments'>): { first: number; last: number } | undefined {
  const first = segments.findIndex((segment) => segment.isSleeved);
  if (first < 0) return undefined;
  return { first, last: segments.findLastIndex((segment) => segment.isSleeved) + 1 };
}

/** What stands at an open end, of a sentence of agent/trace/losses.ts. */
export function endingOf(loss: string): { word: string; reason: string } {
  const [word] = loss.split(' ', 1);
  const [, reason] = /: (\S+)/.exec(loss) ?? [];
  return { word, reason: reason ?? 'no later hop saw it' };
}

/** Where an address or port changed, and to what. */
export function translations(
  hops: readonly Pick<ShapeHop, 'source' | 'destination'>[],
): { hop: number; text: string }[] {
  return hops.flatMap(({ source, destination }, hop) => {
    if (hop === 0) return [];
    const before = hops[hop - 1];
    const changed = [
      ...(source === before.source ? [] : [`from ${source}`]),
      ...(destination === before.destination ? [] : [`to ${destination}`]),
    ];
    return changed.length === 0 ? [] : [{ hop, text: `NAT ${changed.join(' ')}` }];
  });
}
