import { describe, expect, it } from 'vitest';
import { globToRegExp } from '../kernel/devices.ts';
import type { NetlinkEvent, Offloads } from '../kernel/library.ts';
import * as devicesOf from './device-checks.ts';
import { flannel, link } from './testing.ts';

const none = { error: { code: 'internal', message: 'not asked' } };

function seen(events: NetlinkEvent[], patterns: string[] = [], offloads: Record<string, Offloads> = {}) {
  const devices = devicesOf.devicesIn(devicesOf.viewOf(events));
  return devicesOf.describe(devices, patterns.map(globToRegExp), none, { value: offloads });
}

describe('what would be watched', () => {
  it('is what the agent watches, with its kind', () => {
    const devices = seen(flannel(link(9, 'kube-ipvs0', 'dummy')));
    expect(devices.map(({ name, kind, watched }) => [name, kind, watched])).toEqual([
      ['eth0', 'uplink', true],
      ['cni0', 'bridge', true],
      ['flannel.1', 'vxlan', true],
      ['vethweb', 'pod', true],
      ['kube-ipvs0', 'other', false],
    ]);
    expect(devices[2].tunnel).toEqual({ vni: 1, port: 8472, local: '192.168.1.10' });
    expect(devices[0]).toMatchObject({ programs: null, offloads: null });
  });

  it.each([
    { most: 2048, state: 'ok' },
    { most: 4, state: 'warning' },
    { most: 3, state: 'problem' },
  ])('of 4 devices with --max-devices $most: $state', ({ most, state }) => {
    expect(devicesOf.checkDevices(seen(flannel()), most)).toMatchObject({ state });
  });

  it('nothing is a problem, and no uplink a warning', () => {
    expect(devicesOf.checkDevices(seen([]), 2048)).toMatchObject({ state: 'problem' });
    expect(devicesOf.checkUplinks(seen([]))).toMatchObject({ state: 'warning' });
    expect(devicesOf.checkUplinks(seen(flannel()))).toMatchObject({ state: 'ok', found: 'eth0' });
    expect(devicesOf.checkUplinks(seen(flannel(), ['veth*']))).toMatchObject({ found: '--device leaves out eth0' });
  });
});

describe('devices of unknown kinds', () => {
  const tap = link(8, 'tap0', 'tun');
  it('are named where they may carry packets', () => {
    expect(devicesOf.checkUnknown(seen(flannel(tap)))).toMatchObject({
      state: 'warning',
      found: 'of kinds that hoplens does not know: tap0 (tun)',
    });
    expect(devicesOf.checkUnknown(seen(flannel(tap), ['*'])).state).toBe('ok');
    expect(devicesOf.checkUnknown(seen(flannel({ ...tap, up: false }))).state).toBe('ok');
    expect(devicesOf.checkUnknown(seen(flannel(link(9, 'kube-ipvs0', 'dummy')))).state).toBe('ok');
  });
});

it('XDP before us: native or on the card, not generic', () => {
  const at = (xdp: 'native' | 'generic' | 'offload') => devicesOf.checkXdp(seen(flannel(link(2, 'eth0', '', { xdp }))));
  expect(at('generic')).toMatchObject([{ state: 'ok' }]);
  expect(at('native')).toMatchObject([{ state: 'warning', found: 'an XDP program sits at eth0 (native)' }]);
  expect(at('offload')).toMatchObject([{ state: 'warning' }]);
});

it('LRO, and not GRO, merges what it should not', () => {
  const offloads = { lro: false, gro: true, gso: true, tso: true };
  expect(devicesOf.checkLro(seen(flannel(), [], { eth0: offloads }))).toMatchObject([{ state: 'ok' }]);
  expect(devicesOf.checkLro(seen(flannel(), [], { eth0: { ...offloads, lro: true } }))).toMatchObject([
    { state: 'warning', advice: expect.stringContaining('ethtool -K eth0 lro off') as string },
  ]);
});

describe('the network namespace', () => {
  const node = devicesOf.devicesIn(devicesOf.viewOf(flannel()));
  const pod = devicesOf.devicesIn(
    devicesOf.viewOf([
      link(2, 'eth0', 'veth', { peerNsid: 0, peerIfindex: 7 }),
      link(3, 'dummy0', 'dummy'),
      link(4, 'tunl0', 'ipip', { up: false }),
    ]),
  );
  it.each([
    { hosts: '127.0.0.1 localhost', isPod: false, devices: node, state: 'ok' },
    { hosts: '127.0.0.1 localhost', isPod: false, devices: pod, state: 'warning' },
    { hosts: '# Kubernetes-managed hosts file.\n127.0.0.1 localhost', isPod: true, devices: pod, state: 'problem' },
    { hosts: '# Kubernetes-managed hosts file.\n127.0.0.1 localhost', isPod: true, devices: node, state: 'ok' },
    { hosts: '# Kubernetes-managed hosts file (host network).\n', isPod: true, devices: pod, state: 'ok' },
  ])('$hosts: $state', ({ hosts, isPod, devices, state }) => {
    expect(devicesOf.checkNamespace({ hosts, isPod }, devices).state).toBe(state);
  });
});
