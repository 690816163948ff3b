/** Keys of paths that are alike: worked out for every path, so no text is written but numbers as a string's code units. */
import { isIpv4 } from '../paths/addresses.ts';
import { flowAt, lastOf, type PathView } from '../paths/view.ts';
import { protocolOf, serviceOf } from './shape.ts';

const UNIT_BITS = 15;
const MOST = 2 ** UNIT_BITS - 1;
/** The number goes on. */
const MORE = 2 ** UNIT_BITS;

/** Used for every key. */
const units: number[] = [];

/** A number of 32 bits, in as many units as it needs; none begins like another. */
function put(value: number): void {
  let rest = value;
  for (; rest > MOST; rest >>>= UNIT_BITS) units.push((rest & MOST) | MORE);
  units.push(rest);
}

const take = (): string => {
  const text = String.fromCharCode.apply(null, units);
  units.length = 0;
  return text;
};

/** Other numbers make another text. */
export function textOf(numbers: readonly number[]): string {
  for (const number of numbers) put(number);
  return take();
}

function putAddress(words: Uint32Array, at: number): void {
  const isShort = isIpv4(words, at);
  put(isShort ? 4 : 6);
  for (let word = isShort ? 3 : 0; word < 4; word++) put(words[at + word]);
}

function putShape(view: PathView): void {
  const { ends, hopCount, frames, rows, streams } = view;
  put(view.protocol);
  put(view.wirePackets > 1 ? 1 : 0);
  put(view.tunnel);
  for (const name of [ends.source, ends.destination, ends.addressed, ends.answering]) put(name?.id ?? 0);
  const [first, last] = [frames[0], lastOf(view)];
  putAddress(first.source, 4 * flowAt(view, 0));
  putAddress(first.destination, 4 * flowAt(view, 0));
  putAddress(frames[last].destination, 4 * flowAt(view, last));
  put(hopCount);
  for (let hop = 0; hop < hopCount; hop++) {
    put(streams[hop].node);
    put(frames[hop].ifindex[rows[hop]]);
    put(frames[hop].direction[rows[hop]]);
  }
}

/** Equal for paths of one shape between the same pods: another one may take over an address. */
export function shapeKey(view: PathView): string {
  putShape(view);
  return withCause(take(), view);
}

/** Equal for those of one service port, too, and of one loss; `loss` is empty where they arrived. */
export function pathKey(view: PathView, loss: string): string {
  putShape(view);
  put(serviceOf(view).service);
  const key = withCause(take(), view);
  return loss === '' ? key : `${key}\n${loss}`;
}

const withCause = (key: string, view: PathView): string => (view.cause ? `${key}${protocolOf(view)}` : key);
