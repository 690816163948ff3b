import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addedTo, backends, costsOf, roomOf } from './encapsulation-cost.ts';

const backend = (name: string) => backends.find((one) => one.name === name)!;

describe('what a tunnel adds', () => {
  it('is what its headers take, over IPv4 and IPv6', () => {
    const added = (name: string, isV6: boolean) => addedTo(1440, backend(name), isV6);
    expect(['IPIP', 'GRE', 'VXLAN', 'Geneve', 'WireGuard'].map((name) => added(name, false))).toEqual([20, 24, 50, 50, 60]); // prettier-ignore
    expect(['IPIP', 'GRE', 'VXLAN', 'Geneve', 'WireGuard'].map((name) => added(name, true))).toEqual([40, 44, 70, 70, 80]); // prettier-ignore
  });

  it('fills up to 16 bytes with WireGuard, but not beyond the MTU', () => {
    const wireguard = backend('WireGuard');
    expect(addedTo(52, wireguard, false)).toBe(12 + 60);
    expect(addedTo(1438, wireguard, false, 1500)).toBe(2 + 60);
    expect(addedTo(1437, wireguard, false, 1497)).toBe(60);
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 9000 }), fc.integer({ min: 1280, max: 9000 }), (bytes, mtu) => {
        const added = addedTo(bytes, wireguard, false, mtu);
        expect(added).toBeGreaterThanOrEqual(60);
        expect(added).toBeLessThan(76);
        if (bytes + 60 <= mtu) expect(bytes + added).toBeLessThanOrEqual(mtu);
      }),
    );
  });

  it('depends on the sizes: small packets pay more', () => {
    const vxlan = (bytes: number) => costsOf([{ bytes, packets: 10 }], false, 1500).find(({ name }) => name === 'VXLAN')!; // prettier-ignore
    expect(vxlan(84)).toMatchObject({ addedBytes: 500, share: 50 / 98, tooLong: 0 });
    expect(vxlan(1450)).toMatchObject({ share: 50 / 1464, tooLong: 0 });
    expect(vxlan(1451).tooLong).toBe(1);
    const [none, , , , , wireguard] = costsOf(
      [
        { bytes: 1450, packets: 3 },
        { bytes: 52, packets: 1 },
      ],
      false,
      1500,
    );
    expect([none.addedBytes, none.tooLong, wireguard.tooLong]).toEqual([0, 0, 0.75]);
  });
});

describe('the room for packets', () => {
  const flannel = {
    podMtu: 1450,
    uplinkMtu: 1500,
    tunnelBytes: 50,
    narrowest: { where: 'n1 flannel.1', mtu: 1450 },
    biggest: 1450,
    tooBig: 0,
  };
  it('is filled, wasted, exceeded or unknown, and says so', () => {
    expect(roomOf(flannel)).toEqual({
      state: 'fits',
      text: 'The pod’s MTU of 1,450 B and 50 B of tunnel fill the uplink’s 1,500 B exactly. The biggest so far had 1,450 B.',
    });
    expect(roomOf({ ...flannel, podMtu: 1400 })).toMatchObject({ state: 'wasted', text: expect.stringContaining('leave 50 B') as string }); // prettier-ignore
    expect(roomOf({ ...flannel, podMtu: 1500, tooBig: 7 })).toMatchObject({
      state: 'exceeded',
      text: expect.stringMatching(/by 50 B: .*7 packets were dropped as too big/) as string,
    });
    expect(roomOf({ ...flannel, narrowest: { where: 'n1 flannel.1', mtu: 1400 } })).toMatchObject({
      state: 'exceeded',
      text: expect.stringContaining('but not the 1,400 B of n1 flannel.1') as string,
    });
    expect(roomOf({ ...flannel, tooBig: 7 }).state).toBe('exceeded');
    expect(roomOf({ ...flannel, podMtu: NaN }).state).toBe('unknown');
  });
});
