/** What files say of this host and this process: the only reading that the doctor does itself. */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

export interface Host {
  release: string;
  hasBtf: boolean;
  /** /proc/self/status. */
  status: string;
  /** Of the kernel's lockdown, as in `none [integrity] confidentiality`; empty where there is none. */
  lockdown: string;
  clocksource: string;
  /** net.ipv4 of this network namespace, by name; empty where it cannot be read. */
  sysctls: { tcp_timestamps: string; ip_no_pmtu_disc: string };
  /** /etc/hosts, of which a kubelet says in its first line whose it is. */
  hosts: string;
  isPod: boolean;
}

export function readHost(): Host {
  return {
    release: release(),
    hasBtf: existsSync('/sys/kernel/btf/vmlinux'),
    status: textOf('/proc/self/status'),
    lockdown: textOf('/sys/kernel/security/lockdown'),
    clocksource: textOf('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
    sysctls: {
      tcp_timestamps: textOf('/proc/sys/net/ipv4/tcp_timestamps'),
      ip_no_pmtu_disc: textOf('/proc/sys/net/ipv4/ip_no_pmtu_disc'),
    },
    hosts: textOf('/etc/hosts'),
    isPod: process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
  };
}

/** Empty where it may not be read, or is not there: what is made of it says so. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
