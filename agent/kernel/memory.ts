/**
 * Memory shared with the kernel, its clocks and sockets: the few calls of libc that Node has no words for.
 * Mappings last as long as the process: a view read after munmap would be a crash.
 */
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const mmap = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
) as (address: null, length: number, protection: number, flags: number, fd: number, offset: number) => bigint;
const clockGettime = libc.func('int clock_gettime(int clock, void *time)') as (
  clock: number,
  time: BigInt64Array,
) => number;

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffffffffffffffffn;

/**
 * Maps a BPF map's memory.
 * @throws when the kernel refuses
 */
export function mapMemory(fd: number, bytes: number, access: 'read' | 'write', offset = 0): ArrayBuffer {
  const protection = access === 'write' ? PROT_READ | PROT_WRITE : PROT_READ;
  const address = mmap(null, bytes, protection, MAP_SHARED, fd, offset);
  if (BigInt.asUintN(64, address) === MAP_FAILED) {
    throw new Error(`mapping ${bytes} bytes of a BPF map failed with errno ${koffi.errno()}`);
  }
  return koffi.view(address, bytes);
}

const poll = libc.func('int poll(void *fds, unsigned long count, int timeout)') as (
  fds: Int32Array,
  count: number,
  timeout: number,
) => number;
const POLLIN = 1;

/** Asks whether something can be read (or went wrong) at a descriptor, without waiting. */
export function isReadable(fd: number): boolean {
  return poll(new Int32Array([fd, POLLIN]), 1, 0) !== 0;
}

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_MONOTONIC_RAW = 4;
export const CLOCK_BOOTTIME = 7;

const time = new BigInt64Array(2);

/** Nanoseconds on a clock. */
export function readClock(clock: number): bigint {
  clockGettime(clock, time);
  return time[0] * 1_000_000_000n + time[1];
}

const adjtimex = libc.func('int adjtimex(void *timex)') as (timex: BigInt64Array) => number;

/** struct timex of a 64-bit libc is 208 bytes. `modes`, the first of it, stays 0: nothing is set. */
const timex = new BigInt64Array(26);
const FREQUENCY = 2;
const MAXERROR = 3;

export interface Timex {
  /** TIME_OK, ...; -1 where the kernel may not be asked. */
  state: number;
  /** By how much the clock is made to run faster, in millionths. */
  frequencyPpm: number;
  maxErrorUs: number;
}

/** What the kernel says of CLOCK_REALTIME. */
export function readTimex(): Timex {
  const state = adjtimex(timex);
  return { state, frequencyPpm: Number(timex[FREQUENCY]) / 65_536, maxErrorUs: Number(timex[MAXERROR]) };
}
