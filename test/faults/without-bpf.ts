/** Runs a command on a kernel without eBPF, as far as it can tell: `without-bpf.ts COMMAND...`. Its exit code is the command's. */
import { spawnSync } from 'node:child_process';
import koffi from 'koffi';

const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const ENOSYS = 38;
const SYS_BPF = process.arch === 'arm64' ? 280 : 321;

/** struct sock_filter: code, jumps where true and where not, operand. */
function statement(code: number, ifTrue: number, ifFalse: number, operand: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(operand >>> 0, 4);
  return bytes;
}

const filter = Buffer.concat([
  statement(0x20, 0, 0, 0), // the system call's number
  statement(0x15, 0, 1, SYS_BPF),
  statement(0x06, 0, 0, 0x00050000 | ENOSYS), // SECCOMP_RET_ERRNO
  statement(0x06, 0, 0, 0x7fff0000), // SECCOMP_RET_ALLOW
]);
const program = Buffer.alloc(16);
program.writeUInt16LE(filter.length / 8, 0);
program.writeBigUInt64LE(BigInt(koffi.address(filter)), 8);

const prctl = koffi.load('libc.so.6').func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)');
if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error('no new privileges: refused');
if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, BigInt(koffi.address(program)), 0, 0) !== 0) {
  throw new Error(`seccomp refused the filter: errno ${koffi.errno()}`);
}
const [command, ...words] = process.argv.slice(2);
process.exitCode = spawnSync(command, words, { stdio: 'inherit' }).status ?? 1;
