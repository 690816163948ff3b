import { describe, expect, it } from 'vitest';
import { segmentName } from './segments.ts';

describe('a segment is named for the work between its hops', () => {
  it.each([
    ['pod', 'ingress', 'bridge', 'ingress', 'bridge'],
    ['bridge', 'ingress', 'vxlan', 'egress', 'route'],
    ['vxlan', 'egress', 'uplink', 'egress', 'encap'],
    ['uplink', 'ingress', 'vxlan', 'ingress', 'decap'],
    ['vxlan', 'ingress', 'bridge', 'egress', 'route'],
    ['bridge', 'egress', 'pod', 'egress', 'bridge'],
    ['bridge', 'ingress', 'uplink', 'egress', 'route'],
    ['uplink', 'ingress', 'bridge', 'egress', 'route'],
    ['pod', 'ingress', 'vxlan', 'egress', 'route'],
    ['uplink', 'ingress', 'pod', 'egress', 'route'],
    ['uplink', 'ingress', 'uplink', 'egress', 'route'],
    ['bridge', 'ingress', 'bridge', 'egress', 'route'],
    ['uplink', 'egress', 'physical', 'egress', 'device'],
    ['pod', 'egress', 'pod', 'ingress', 'pod'],
    ['veth', 'egress', 'veth', 'ingress', 'veth'],
  ] as const)('%s %s to %s %s: %s', (from, fromDirection, to, toDirection, name) => {
    expect(segmentName(from, fromDirection, to, toDirection, true)).toBe(name);
  });

  it('between nodes it is the wire', () => {
    expect(segmentName('uplink', 'egress', 'uplink', 'ingress', false)).toBe('wire');
  });

  it('from port to port of one bridge nothing is routed', () => {
    expect(segmentName('pod', 'ingress', 'pod', 'egress', true, true)).toBe('bridge');
    expect(segmentName('pod', 'ingress', 'pod', 'egress', true, false)).toBe('route');
  });
});
