import { describe, expect, it } from 'vitest';
import { devicesIn, viewOf } from './device-checks.ts';
import { checkMtu } from './headroom.ts';
import { address, flannel, link, vxlan } from './testing.ts';
import type { NetlinkEvent } from '../kernel/library.ts';

const check = (events: NetlinkEvent[]) => checkMtu(viewOf(events), devicesIn(viewOf(events)));
const only = (events: NetlinkEvent[]) => {
  const checks = check(events);
  expect(checks).toHaveLength(1);
  return checks[0];
};

describe('room for what tunnels add', () => {
  it('is there as Flannel leaves it', () => {
    expect(only(flannel())).toMatchObject({ name: 'mtu', state: 'ok', found: 'flannel.1 1450 + 50 fits eth0 1500' });
  });

  it('is missing where the uplink is one byte too small', () => {
    const { state, found, advice } = only(flannel(link(2, 'eth0', '', { mtu: 1499 })));
    expect(state).toBe('problem');
    expect(found).toBe(
      "flannel.1's MTU of 1450 and 50 bytes of VXLAN exceed eth0's 1499 by 1: full packets are cut up or lost",
    );
    expect(advice).toMatch(/have 1449.*eth0 1500/);
  });

  it('is more over IPv6', () => {
    const over6 = link(4, 'flannel-v6.1', 'vxlan', { mtu: 1450, vxlan: { ...vxlan, local: 'fd00::10' } });
    expect(only([...flannel(over6), address(2, 'fd00::10')])).toMatchObject({ state: 'problem' });
  });

  it.each([
    { name: 'tunl0', linkType: 'ipip', fits: 1480 },
    { name: 'gre1', linkType: 'gre', fits: 1476 },
    { name: 'gretap1', linkType: 'gretap', fits: 1462 }, // it carries Ethernet
    { name: 'genev_sys_6081', linkType: 'geneve', fits: 1450 },
    { name: 'wg0', linkType: 'wireguard', fits: 1440 },
  ])('of $linkType is $fits under 1500', ({ name, linkType, fits }) => {
    const tunnel = { local: '', remote: '', vni: 0, port: 0, device: 0, external: false };
    const node = (mtu: number) => flannel(link(4, name, linkType, { mtu, tunnel, arphrd: 768 }));
    const states = (mtu: number) => check(node(mtu)).map(({ state }) => state);
    expect(states(fits)).not.toContain('problem');
    expect(states(fits + 1)).toContain('problem');
  });

  it('is the routes’ to leave where each packet’s route says where it goes, as Cilium has it', () => {
    expect(only(flannel(link(4, 'cilium_vxlan', 'vxlan', { vxlan: { ...vxlan, external: true } }))).state).toBe('ok');
  });

  it('is not wanted of a tunnel that is down', () => {
    expect(only(flannel(link(4, 'tunl0', 'ipip', { up: false }))).state).toBe('ok');
  });
});

describe('pods', () => {
  it('may send more than the tunnel takes', () => {
    const pod = link(6, 'vethbig', 'veth', { peerNsid: 2, peerIfindex: 2 });
    expect(only(flannel(pod))).toMatchObject({
      state: 'warning',
      found: "1 pod's device has an MTU of up to 1500 (vethbig), more than the 1450 of flannel.1",
    });
  });

  it('are not all sent through a WireGuard that is there too', () => {
    expect(only(flannel(link(7, 'wg0', 'wireguard', { mtu: 1420, arphrd: 65534 }))).state).toBe('ok');
  });

  it('may send more than the uplink takes where there is no tunnel', () => {
    const node = flannel(link(4, 'dummy0', 'dummy'), link(2, 'eth0', '', { mtu: 1400 }));
    expect(only(node)).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('the 1400 of eth0') as string,
    });
  });
});
