/** Whether this process may do what the agent does, asked before anything is tried: the kernel only says "not permitted". */

const SYS_ADMIN = 21;

/** Numbers of <linux/capability.h>. The older CAP_SYS_ADMIN includes BPF and PERFMON, which are of kernel 5.8. */
const needed = [
  { name: 'BPF', enough: [39, SYS_ADMIN] },
  { name: 'NET_ADMIN', enough: [12] },
  { name: 'PERFMON', enough: [38, SYS_ADMIN] },
];

/**
 * Names of the capabilities that are missing.
 * @param status text of /proc/self/status
 */
export function missingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (bit: number): boolean => ((effective >> BigInt(bit)) & 1n) === 1n;
  return needed.filter(({ enough }) => !enough.some(has)).map(({ name }) => name);
}

/** The sentence for a user; undefined where nothing is missing. */
export function lackOf(missing: string[]): string | undefined {
  if (missing.length === 0) return undefined;
  const names = new Intl.ListFormat('en').format(missing);
  return missing.length === 1 ? `the capability ${names} is missing` : `the capabilities ${names} are missing`;
}
