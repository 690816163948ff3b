/** From a sample to the whole. */
import type { PathView } from './view.ts';
import { Kind } from './words.ts';

/**
 * Packets at the first hop that this path stands for. A mark of a packet with L bytes of payload is one in
 * 2^max(exponent, floor(log2 L)) sequence numbers; any other packet is one in 2^exponent.
 */
export function representedPackets(view: PathView): number {
  const frame = view.frames[0];
  const row = view.rows[0];
  if (view.kind !== Kind.mark) return 2 ** frame.exponent[row];
  const payload = Math.max(1, frame.payload[row]);
  return 2 ** Math.max(frame.exponent[row], 31 - Math.clz32(payload)) / payload;
}

/** Their bytes. */
export const representedBytes = (view: PathView): number =>
  representedPackets(view) * view.frames[0].bytes[view.rows[0]];
