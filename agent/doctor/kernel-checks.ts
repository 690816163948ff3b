/** Whether this kernel lets this process do what an agent does. Pure. */
import { advice } from '../daemon/advice.ts';
import { lackOf, missingCapabilities } from '../daemon/capabilities.ts';
import type { Filtering } from '../kernel/library.ts';
import { isFound, ok, problem, warning, type Answer, type Check } from './check.ts';
import type { Loaded } from './examined.ts';
import type { Host } from './host.ts';

/** The oldest that can be tested. */
const OLDEST = [6, 1];

export function checkRelease(release: string): Check {
  const [major, minor] = release.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!isOld) return ok('kernel', `Linux ${release}`);
  return problem('kernel', `Linux ${release} is older than ${OLDEST.join('.')}`, advice['no-bpf']);
}

export function checkBtf(hasBtf: boolean): Check {
  if (hasBtf) return ok('btf', 'the kernel describes its types (/sys/kernel/btf/vmlinux)');
  return problem('btf', 'there is no /sys/kernel/btf/vmlinux', advice['no-btf']);
}

export function checkCapabilities(status: string): Check {
  const lack = lackOf(missingCapabilities(status));
  if (lack === undefined) return ok('capabilities', 'BPF, NET_ADMIN and PERFMON');
  return problem('capabilities', lack, advice['no-permission']);
}

/** Whether the programs load, by the agent's own way of loading them; and who refused where they do not. */
export function checkPrograms(loaded: Answer<Loaded>, host: Host): Check {
  if (isFound(loaded)) return ok('programs', 'the kernel programs load, and so do their maps');
  const { code, message } = loaded.error;
  return problem('programs', message, refusal(code, host));
}

function refusal(code: string, { status, lockdown }: Host): string {
  if (code === 'no-permission' && missingCapabilities(status).length === 0) {
    if (lockdown.includes('[confidentiality]'))
      return 'the kernel is locked down for confidentiality: boot it with lockdown=integrity';
    if (/^Seccomp:\s*2$/m.test(status))
      return "a seccomp filter is in force: it must allow bpf(), as containerd's default does for CAP_BPF";
  }
  return advice[code] ?? 'report it with this whole output';
}

export function checkHooks({ hooks }: Loaded): Check {
  if (hooks === 'tcx') return ok('hooks', 'tcx');
  return ok('hooks', "clsact: a killed agent's filters stay until the next start (Linux 6.6 has tcx)");
}

export function checkDrops({ drops: { missing, pages } }: Loaded, isWanted: boolean): Check {
  if (missing !== undefined) return unwatched('drops', missing, isWanted);
  if (pages) return ok('drops', 'tp_btf/kfree_skb tells what is dropped, where and why');
  return ok('drops', 'tp_btf/kfree_skb tells of drops; of content behind the linear part only from Linux 6.12 on');
}

export function checkQueues({ queues: { missing } }: Loaded, isWanted: boolean): Check {
  if (missing !== undefined) return unwatched('queues', missing, isWanted);
  return ok('queues', `uplinks' queues can be watched${isWanted ? '' : ' (--queues on)'}`);
}

function unwatched(name: 'drops' | 'queues', missing: string, isWanted: boolean): Check {
  if (!isWanted) return ok(name, `not asked for, and not possible: ${missing}`);
  return warning(name, `${name} are not watched: ${missing}`, 'all else works without them');
}

export function checkRules({ rules: { missing } }: Loaded): Check {
  if (missing === undefined) return ok('rules', "changes of netfilter's rules are told");
  return warning('rules', `changes of netfilter rules are not all marked: ${missing}`, 'all else works without them');
}

/** tcpdump's filters are compiled by libpcap, which is opened when one comes. */
export function checkFilters({ problem: reason, missing }: Filtering): Check {
  const why = reason?.message ?? missing;
  if (why === undefined) return ok('filters', "tcpdump's filters compile into the kernel programs");
  return warning('filters', `filters narrow what is shown, but follow nothing more closely: ${why}`, 'install libpcap0.8'); // prettier-ignore
}
