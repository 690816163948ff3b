/** Names of what lies between two neighbouring hops. */
import type { DeviceKind } from '../wire/messages.ts';
import type { HopDirection } from './words.ts';

export type SegmentName =
  'bridge' | 'route' | 'encap' | 'queue' | 'wire' | 'receive' | 'decap' | 'pod' | 'veth' | 'device';

/** In the order in which a packet meets them; the histograms of /metrics use the same. */
export const segmentNames: readonly SegmentName[] = [
  'bridge', 'route', 'encap', 'queue', 'wire', 'receive', 'decap', 'pod', 'veth', 'device',
]; // prettier-ignore

const isTunnel = (kind: DeviceKind): boolean =>
  kind === 'vxlan' || kind === 'geneve' || kind === 'ipip' || kind === 'wireguard';

const isOutside = (kind: DeviceKind): boolean => kind === 'uplink' || kind === 'physical';

/**
 * The work done between two neighbouring hops of a path. NAT has no name of its own: it is done while routing, and shows
 * as a change of address between the hops of a `route`. `bridged`: both devices are ports of one bridge, so that a frame
 * from port to port was not routed.
 */
export function segmentName(
  fromKind: DeviceKind,
  fromDirection: HopDirection,
  toKind: DeviceKind,
  toDirection: HopDirection,
  sameNode: boolean,
  bridged = false,
): SegmentName {
  if (!sameNode) return 'wire';
  if (fromDirection === 'egress' && toDirection === 'transmit') return 'queue';
  if (fromDirection === 'receive' && toDirection === 'ingress') return 'receive';
  if (fromDirection === 'ingress' && toDirection === 'ingress') return inward(toKind);
  if (fromDirection === 'egress' && toDirection === 'egress') return outward(fromKind, toKind);
  if (fromDirection === 'ingress') return bridged ? 'bridge' : 'route';
  return between(fromKind, toKind);
}

function inward(to: DeviceKind): SegmentName {
  if (isTunnel(to)) return 'decap';
  return to === 'bridge' ? 'bridge' : 'device';
}

function outward(from: DeviceKind, to: DeviceKind): SegmentName {
  if (isTunnel(from)) return 'encap';
  if (from === 'bridge') return 'bridge';
  return isOutside(from) && isOutside(to) ? 'device' : 'route';
}

/** Out of one device and in through another of the same node: through a pod that forwards, or from end to end of a veth. */
function between(from: DeviceKind, to: DeviceKind): SegmentName {
  if (from === 'pod' && to === 'pod') return 'pod';
  return from === 'veth' && to === 'veth' ? 'veth' : 'device';
}
