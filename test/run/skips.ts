// In CI, as root, with eBPF, everything that this machine can test is tested: a skip is a failure,
// except for these.
import { existsSync } from 'node:fs';
import { type Skip } from './counts.ts';

const ALLOWED: readonly { readonly reason: RegExp; readonly why: string }[] = [
  { reason: /^clang here is/, why: 'another clang makes other bytes; whoever has the recorded one checks them' },
  { reason: /is started by other tests/, why: 'the second half of a Go test that needs another process' },
  { reason: /\bneeds a kernel with VLAN devices/, why: 'not every kernel has them; check:kernels has' },
  {
    reason: /\bneeds a machine of its own/,
    why: 'changes what holds for the whole machine; check:kernels does it in a guest',
  },
];

/** Under npm run check:kernels: what one series lacks, the run of another tests. */
const LACKING = /\bneeds a kernel (with|whose) /;

/** Whether skips count as failures here. */
export function skipsAreFailures(): boolean {
  return process.env['CI'] === 'true' && process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
}

export function isAllowed({ reason }: Skip): boolean {
  if (process.env['HOPLENS_EMULATED'] && LACKING.test(reason)) return true;
  return ALLOWED.some((each) => each.reason.test(reason));
}
