/** What a user can do about it, beside what went wrong: by the stable codes of errors. */
export const advice: Record<string, string> = {
  'no-permission':
    'run it as root, or with the capabilities BPF, NET_ADMIN and PERFMON; a seccomp profile may forbid bpf() too',
  'no-bpf': 'hoplens needs Linux 6.1 or newer with eBPF; hoplens replay shows a recording anywhere',
  'no-btf': 'the kernel needs CONFIG_DEBUG_INFO_BTF',
  'not-built': 'npm run build makes it',
};
