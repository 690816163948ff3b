/** From a sample to the whole. */
import { ETHERNET_BYTES } from './header-bytes.ts';
import type { PathView } from './view.ts';
import { Kind } from './words.ts';

/**
 * Packets at the first hop that this path stands for. A mark of a packet with L bytes of payload is one in
 * 2^max(exponent, floor(log2 L)) sequence numbers; any other packet is one in 2^exponent. What a filter matched has that one's.
 */
export function representedPackets(view: PathView): number {
  const frame = view.frames[0];
  const row = view.rows[0];
  const filter = frame.filter?.[row] ?? 0;
  const exponent = filter > 0 ? filter - 1 : frame.exponent[row];
  if (view.kind !== Kind.mark) return 2 ** exponent;
  const payload = Math.max(1, frame.payload[row]);
  return 2 ** Math.max(exponent, 31 - Math.clz32(payload)) / payload;
}

/** Their bytes. */
export const representedBytes = (view: PathView): number =>
  representedPackets(view) * view.frames[0].bytes[view.rows[0]];

/** Of each packet that it is on the wire, on average: bytes from the inner IP header on, before any tunnel. */
export function innerIpBytes(view: PathView): number {
  const frame = view.frames[0];
  const row = view.rows[0];
  const wirePackets = Math.max(1, frame.wirePackets[row]);
  // Every wire packet but the first repeats all headers, which the skb has once.
  const wireBytes = frame.bytes[row] + (wirePackets - 1) * frame.headers[row];
  return Math.round(wireBytes / wirePackets) - ETHERNET_BYTES - frame.encapsulation[row];
}
