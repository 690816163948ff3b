// What runs inside a guest, and how its end is read from the console.

/** Printed by the guest before the command, and behind it with its exit code. */
const BEGIN = 'hoplens-guest-begins';
const END = 'hoplens-guest-ended';

/** Devices and hooks of the lab; those that a kernel has built in, or lacks, are no error here. */
const MODULES = [
  'veth',
  'bridge',
  'vxlan',
  '8021q',
  'tun',
  'br_netfilter',
  'sch_ingress',
  'sch_tbf',
  'cls_bpf',
  'act_bpf',
  'nf_tables',
  'nft_chain_nat',
  'nft_masq',
  'nft_ct',
  'nft_compat',
  'nft_numgen',
];

/** @param {string} word */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * @param {object} run
 * @param {string} run.folder where the command runs
 * @param {string} run.command shell text
 * @param {import('./kernels.mjs').Kernel} run.kernel
 * @param {Record<string, string>} run.environment
 */
export function guestScript({ folder, command, kernel, environment }) {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return `
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mkdir -p /lib/modules/${kernel.release}
mount --bind ${quoted(kernel.modules)} /lib/modules/${kernel.release}
${exports.join('\n')}
for module in ${MODULES.join(' ')}; do modprobe -q $module; done
ip link set lo up
cd ${quoted(folder)}
echo "${BEGIN}"
( ${command}
) </dev/null 2>&1
code=$?
sync
echo "${END} $code"
sleep 0.5 # the console is slow to empty
echo b > /proc/sysrq-trigger
sleep 10
`;
}

/**
 * Reads the console line by line; what firmware and kernel print around the command is dropped.
 * @param {(line: string) => void} onLine each line of the command
 * @param {(code: number) => void} onEnd
 * @returns {(line: string) => void}
 */
export function consoleReader(onLine, onEnd) {
  let inside = false;
  return (raw) => {
    const line = raw.replace(/\r$/, '');
    // Not at its beginning: the command may have left something behind its last line break.
    const end = new RegExp(`${END} (\\d+)$`).exec(line);
    if (end) onEnd(Number(end[1]));
    else if (inside) onLine(line);
    inside = !end && (inside || line.endsWith(BEGIN));
  };
}
