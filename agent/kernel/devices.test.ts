import { describe, expect, it } from 'vitest';
import type { NetlinkEvent } from './library.ts';
import {
  applyEvent,
  deviceFlags,
  emptyView,
  globToRegExp,
  isWanted,
  listDevices,
  vxlanPorts,
  type NetlinkView,
} from './devices.ts';

type Link = Extract<NetlinkEvent, { type: 'link' }>;

const link = (ifindex: number, name: string, linkType: string, more: Partial<Link> = {}): Link => ({
  type: 'link', ifindex, name, linkType, arphrd: 1, mtu: 1500, mac: '02:00:00:00:00:01', up: true, master: 0,
  parent: 0, peerNsid: -1, peerIfindex: 0, ...more,
}); // prettier-ignore

const vxlan = { vni: 1, port: 8472, local: '192.168.1.10', device: 0 };
const address = (ifindex: number, ip: string): NetlinkEvent => ({
  type: 'address',
  ifindex,
  ip,
  prefix: 24,
  gone: false,
});
const route = (destination: string, gateway: string, ifindex: number): NetlinkEvent => ({
  type: 'route', default: destination === '', destination, gateway, ifindex, table: 254, metric: 0, protocol: 4, replaced: false, gone: false,
}); // prettier-ignore

const view = (...events: NetlinkEvent[]): NetlinkView => {
  const of = emptyView();
  for (const event of events) applyEvent(of, event);
  return of;
};

const kindsOf = (of: NetlinkView): Record<string, string> =>
  Object.fromEntries(listDevices(of, new Map()).map((device) => [device.name, device.kind]));

const flannel = [
  link(1, 'lo', '', { arphrd: 772 }),
  link(2, 'eth0', 'veth', { peerNsid: 0, peerIfindex: 2 }),
  link(3, 'cni0', 'bridge'),
  link(4, 'flannel.1', 'vxlan', { vxlan }),
  link(5, 'veth1a2b', 'veth', { peerNsid: 1, peerIfindex: 2, master: 3 }),
  link(6, 'kube-ipvs0', 'dummy'),
  address(2, '192.168.1.10'),
  route('10.244.1.0/24', '10.244.1.0', 4),
];

describe('devices', () => {
  it('are what netlink says, whatever their names: the uplink of a lab is a veth into another namespace too', () => {
    expect(kindsOf(view(...flannel))).toEqual({
      eth0: 'uplink', cni0: 'bridge', 'flannel.1': 'vxlan', veth1a2b: 'pod', 'kube-ipvs0': 'other',
    }); // prettier-ignore
  });

  it('find the uplink of a node without tunnels by its routes', () => {
    const hostGateway = view(
      link(2, 'ens3', ''),
      link(3, 'ens4', ''),
      link(4, 'tap0', 'tun'),
      link(5, 'cali123', 'veth', { peerNsid: 3 }),
      route('10.244.1.0/24', '192.168.1.11', 2),
      route('', '192.168.1.1', 4),
    );
    expect(kindsOf(hostGateway)).toEqual({ ens3: 'uplink', ens4: 'physical', tap0: 'uplink', cali123: 'pod' });
  });

  it('are uplinks no more when a route that leads nowhere takes the place of theirs', () => {
    const before = [link(2, 'ens3', ''), route('10.9.0.0/16', '192.168.1.1', 2)];
    const blackhole = { ...route('10.9.0.0/16', '', 0), refusal: 'blackhole', replaced: true } as NetlinkEvent;
    expect(kindsOf(view(...before))).toEqual({ ens3: 'uplink' });
    expect(kindsOf(view(...before, blackhole))).toEqual({ ens3: 'physical' });
  });

  it('are uplinks down to the device whose frames are tagged: one VLAN in another, on a veth', () => {
    const tagged = view(
      link(2, 'eth0', 'veth', { peerNsid: 0, peerIfindex: 2 }),
      link(3, 'eth0.200', 'vlan', { parent: 2 }),
      link(4, 'eth0.200.100', 'vlan', { parent: 3 }),
      link(5, 'eth0.7', 'vlan', { parent: 2 }),
      link(6, 'flannel.1', 'vxlan', { vxlan, parent: 4 }),
      address(4, '192.168.1.10'),
    );
    expect(kindsOf(tagged)).toEqual({
      eth0: 'uplink', 'eth0.200': 'uplink', 'eth0.200.100': 'uplink', 'eth0.7': 'other', 'flannel.1': 'vxlan',
    }); // prettier-ignore
    expect(listDevices(tagged, new Map()).map(({ parent }) => parent)).toEqual([undefined, 2, 3, 2, 4]);
  });

  it('are no uplinks where the node routes to its own pods through itself, as Cilium does', () => {
    const cilium = view(
      link(2, 'eth0', ''),
      link(3, 'cilium_net', 'veth', { peerIfindex: 4 }),
      link(4, 'cilium_host', 'veth', { peerIfindex: 3 }),
      link(5, 'lxc0', 'veth', { peerNsid: 1, peerIfindex: 2 }),
      route('10.245.2.0/24', '10.245.2.122', 4),
      route('10.245.1.0/24', '192.168.7.10', 2),
      address(4, '10.245.2.122'),
    );
    expect(kindsOf(cilium)).toEqual({ eth0: 'uplink', cilium_net: 'veth', cilium_host: 'veth', lxc0: 'pod' });
  });

  it('follow changes: a route that goes, a link that goes, a snapshot', () => {
    const of = view(link(2, 'ens3', ''), route('', '192.168.1.1', 2));
    expect(applyEvent(of, { ...route('', '192.168.1.1', 2), gone: true } as NetlinkEvent)).toBe(true);
    expect(kindsOf(of)).toEqual({ ens3: 'physical' });
    expect(applyEvent(of, link(2, 'ens3', ''))).toBe(false);
    expect(applyEvent(of, { type: 'link-gone', ifindex: 2 })).toBe(true);
    expect(applyEvent(of, { type: 'link-gone', ifindex: 2 })).toBe(false);
    applyEvent(of, address(9, '10.0.0.1'));
    applyEvent(of, { type: 'snapshot-begin' });
    expect(of.addresses.size).toBe(0);
  });

  it('carry addresses, tunnel, peer and what attaching said', () => {
    const attachments = new Map([[4, { attached: true, foreignPrograms: { ingress: 1, egress: 2 } }]]);
    const devices = listDevices(view(...flannel), attachments);
    expect(devices.find((device) => device.name === 'eth0')).toMatchObject({
      addresses: ['192.168.1.10'],
      attached: false,
    });
    expect(devices.find((device) => device.name === 'veth1a2b')).toMatchObject({
      peer: { nsid: 1, ifindex: 2 },
      master: 3,
    });
    expect(devices.find((device) => device.name === 'flannel.1')).toMatchObject({
      tunnel: { vni: 1, port: 8472, local: '192.168.1.10' }, attached: true, foreignPrograms: { ingress: 1, egress: 2 },
    }); // prettier-ignore
  });

  it('are read with their link header and, where tunnels run over them, to the inner packet', () => {
    const of = view(...flannel, link(7, 'tunl0', 'ipip', { arphrd: 768 }));
    const flags = Object.fromEntries(
      listDevices(of, new Map()).map((device) => [device.name, deviceFlags(of, device)]),
    );
    expect(flags['eth0']).toEqual({ ethernet: true, underlay: true });
    expect(flags['cni0']).toEqual({ ethernet: true, underlay: false });
    expect(flags['tunl0']).toEqual({ ethernet: false, underlay: false });
    expect(vxlanPorts(of)).toEqual([8472]);
  });

  it('are wanted by pattern, or where there is none by kind', () => {
    const devices = listDevices(view(...flannel), new Map());
    const wanted = (...globs: string[]): string[] =>
      devices.filter((device) => isWanted(device, globs.map(globToRegExp))).map((device) => device.name);
    expect(wanted()).toEqual(['eth0', 'cni0', 'flannel.1', 'veth1a2b']);
    expect(wanted('veth*', 'kube-ipvs?')).toEqual(['veth1a2b', 'kube-ipvs0']);
    expect(wanted('flannel.1')).toEqual(['flannel.1']);
    expect(wanted('flannelx1')).toEqual([]);
  });
});
