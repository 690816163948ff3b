/** Other agents by their pods. Pure. */
import type { Endpoint } from '../kernel/library.ts';
import type { Pod } from './pods.ts';

/**
 * Where agents of other nodes listen, ready or not: in their node's network, at the same port as we do. A pod with a network of its own
 * is none, whatever its labels say.
 */
export function peersAmong(pods: Iterable<Pod>, node: string, port: number): Endpoint[] {
  const others = [...pods].filter((pod) => pod.isInHostNetwork && pod.node !== undefined && pod.node !== node);
  const addresses = new Set(others.flatMap(({ addresses: [main] }) => main ?? []));
  return [...addresses].sort().map((address) => ({ address, port }));
}

export const peerUrl = ({ address, port }: Endpoint): string =>
  `ws://${address.includes(':') ? `[${address}]` : address}:${port}`;
