/** Whether full packets fit what carries them: a tunnel's MTU and its headers the uplink's, pods' the tunnel's. Pure. */
import type { NetlinkView } from '../kernel/devices.ts';
import { backends } from '../paths/encapsulation-cost.ts';
import { ETHERNET_BYTES } from '../paths/header-bytes.ts';
import type { Device } from '../wire/messages.ts';
import { ok, problem, warning, type Check } from './check.ts';

/** Rows of the table of what tunnels cost, by kind of device. */
const backendOf: Partial<Record<Device['kind'], string>> = {
  vxlan: 'VXLAN', geneve: 'Geneve', ipip: 'IPIP', wireguard: 'WireGuard',
}; // prettier-ignore

interface Tunnel {
  device: Device;
  backend: string;
  addedBytes: number;
  /** The narrowest device that may carry it. */
  below: Device | undefined;
}

/** Those whose own MTU counts: of external ones the routes' MTU does. */
function tunnelsOf(view: NetlinkView, devices: Device[]): Tunnel[] {
  return devices.flatMap((device) => {
    const link = view.links.get(device.ifindex);
    const set = link?.vxlan ?? link?.tunnel;
    const name = link?.linkType.startsWith('gre') ? 'GRE' : backendOf[device.kind];
    const backend = backends.find((each) => each.name === name);
    if (!backend || !device.up || set?.external) return [];
    const isV6 = set?.local?.includes(':') || link?.linkType.startsWith('ip6');
    const addedBytes = (isV6 ? backend.overV6 : backend.overV4) + (link?.linkType === 'gretap' ? ETHERNET_BYTES : 0);
    return [{ device, backend: backend.name, addedBytes, below: narrowest(carriers(view, devices, set)) }];
  });
}

/** The device that a tunnel names, or has the local address of, else any uplink. */
function carriers(view: NetlinkView, devices: Device[], set?: { local?: string; device: number }): Device[] {
  const ifindex = set?.device || view.addresses.get(set?.local ?? '');
  const named = devices.filter((device) => device.ifindex === ifindex);
  return named.length > 0 ? named : devices.filter((device) => device.kind === 'uplink');
}

const narrowest = (devices: Device[]): Device | undefined =>
  devices.reduce<Device | undefined>((least, device) => (!least || device.mtu < least.mtu ? device : least), undefined);

export function checkMtu(view: NetlinkView, devices: Device[]): Check[] {
  const tunnels = tunnelsOf(view, devices);
  const tight = tunnels.flatMap(checkTunnel);
  const findings = [...tight, ...checkPods(devices, tunnels)];
  if (findings.length > 0) return findings;
  const fitting = tunnels.map(({ device, below, addedBytes }) => `${device.name} ${device.mtu} + ${addedBytes} fits ${below?.name ?? 'unknown'} ${below?.mtu ?? ''}`.trim()); // prettier-ignore
  return [ok('mtu', fitting.join(', ') || "no pod's MTU exceeds the uplink's")];
}

function checkTunnel({ device, backend, addedBytes, below }: Tunnel): Check[] {
  const excess = below ? device.mtu + addedBytes - below.mtu : 0;
  if (excess <= 0) return [];
  const what = `${device.name}'s MTU of ${device.mtu} and ${addedBytes} bytes of ${backend} exceed ${below!.name}'s ${below!.mtu} by ${excess}: full packets are cut up or lost`; // prettier-ignore
  return [problem('mtu', what, `let ${device.name} and the pods have ${below!.mtu - addedBytes} (the CNI's MTU), or ${below!.name} ${device.mtu + addedBytes}`)]; // prettier-ignore
}

/**
 * Where the way out is a tunnel its MTU counts, otherwise the uplink's. Of several devices the widest, and WireGuard not at all: it may
 * be somebody's for other purposes.
 */
function checkPods(devices: Device[], tunnels: Tunnel[]): Check[] {
  const out = tunnels.map(({ device }) => device).filter(({ kind }) => kind !== 'wireguard');
  const [way] = (out.length > 0 ? out : devices.filter(({ kind }) => kind === 'uplink')).sort((a, b) => b.mtu - a.mtu);
  const pods = devices.filter(({ kind, mtu }) => kind === 'pod' && mtu > way?.mtu);
  if (!way || pods.length === 0) return [];
  const mtu = Math.max(...pods.map((pod) => pod.mtu));
  const what = `${pods.length} ${pods.length === 1 ? "pod's device has" : "pods' devices have"} an MTU of up to ${mtu} (${pods[0].name}), more than the ${way.mtu} of ${way.name}`; // prettier-ignore
  return [warning('mtu', what, `unless pods' routes say less, their full packets are refused by ICMP or cut up: let the CNI give them ${way.mtu}`)]; // prettier-ignore
}
