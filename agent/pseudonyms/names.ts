/** Names that stand for others: `pod-3` is the third pod that was named, everywhere in the file. */
import type { Device } from '../wire/messages.ts';

export type NameKind = 'node' | 'pod' | 'namespace' | 'workload' | 'service' | 'device' | 'table';

export interface NamePseudonyms {
  of: (kind: NameKind, name: string) => string;
  mac: (address: string) => string;
}

export function createNamePseudonyms(): NamePseudonyms {
  const known = new Map<string, Map<string, number>>();
  const numberOf = (kind: string, name: string): number => {
    const names = known.get(kind) ?? new Map<string, number>();
    known.set(kind, names);
    const number = names.get(name) ?? names.size + 1;
    names.set(name, number);
    return number;
  };
  return {
    of: (kind, name) => `${kind}-${numberOf(kind, name)}`,
    mac: (address) => (address === '' ? '' : `02:00:${hexPairs(numberOf('mac', address))}`),
  };
}

const hexPairs = (number: number): string => number.toString(16).padStart(8, '0').match(/../g)!.join(':');

/** Names that say what a device is, and not whose: those of kernels and CNIs. */
const COMMON = /^(lo|eth\d{1,3}|ens\d{1,3}|eno\d{1,3}|enp\d{1,3}s\d{1,3}(f\d)?|bond\d{1,2}|wlan\d|docker0|cni0|cbr0|kube-bridge|flannel(\.\d|-v6\.1)?|vxlan\.calico|vxlan-v6\.calico|tunl0|wireguard\.cali|cilium_(host|net|vxlan|geneve|wg0)|weave|antrea-gw0|genev_sys_6081|vxlan_sys_\d{4,5}|ovn-k8s-mp0|kube-ipvs0|nodelocaldns|dummy0)$/; // prettier-ignore

export const deviceName = ({ name, kind }: Device, names: NamePseudonyms): string =>
  kind !== 'pod' && COMMON.test(name)
    ? name
    : names.of('device', name).replace('device', kind === 'pod' ? 'veth' : kind);

/** Tables of nftables by the names that iptables, kube-proxy and CNIs give them. */
const COMMON_TABLES = /^(filter|nat|mangle|raw|security|firewalld|kube-proxy|calico|cilium|antrea|flannel-ipv[46])$/;

export const tableName = (name: string, names: NamePseudonyms): string =>
  COMMON_TABLES.test(name) ? name : names.of('table', name);
