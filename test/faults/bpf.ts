/** The kernel's bpf() as somebody else uses it: who sits at a device, and foreign programs to put there. */
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { run } from '../lab/run.ts';

const libc = koffi.load('libc.so.6');
const syscall = libc.func('long syscall(long number, int command, void *attributes, uint bytes)');
const setns = libc.func('int setns(int fd, int type)');
const BPF = process.arch === 'arm64' ? 280 : 321;
const CLONE_NEWNET = 0x40000000;
const ATTRIBUTES = 128;

/** Numbers of <linux/bpf.h>. */
const command = { mapCreate: 0, mapLookup: 1, programLoad: 5, pin: 6, nextProgramId: 11, programById: 13, info: 15, query: 16, linkCreate: 28, enableStats: 32 } as const; // prettier-ignore
export const attachType = { ingress: 46, egress: 47 } as const;
const SCHED_CLS = 3;
const XDP = 6;
const ARRAY = 2;

export type Direction = keyof typeof attachType;

/** Values of 4 (numbers) or 8 bytes (bigints) at their offsets in bpf()'s attributes. */
export function bpf(
  what: keyof typeof command,
  fields: Record<number, number | bigint>,
  buffer = Buffer.alloc(ATTRIBUTES),
) {
  for (const [offset, value] of Object.entries(fields)) {
    if (typeof value === 'bigint') buffer.writeBigUInt64LE(value, Number(offset));
    else buffer.writeUInt32LE(value, Number(offset));
  }
  const result = Number(syscall(BPF, command[what], buffer, ATTRIBUTES));
  if (result < 0) throw new Error(`bpf(${what}) failed with errno ${koffi.errno()}`);
  return result;
}

export const addressOf = (memory: Uint8Array | Uint32Array): bigint => BigInt(koffi.address(memory));

/** Calls a function with this thread in another network namespace; it must not wait for anything. */
export function inNetns<T>(netns: string, call: () => T): T {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const other = openSync(`/run/netns/${netns}`, 'r');
  try {
    if (setns(other, CLONE_NEWNET) !== 0) throw new Error(`setns failed with errno ${koffi.errno()}`);
    return call();
  } finally {
    setns(own, CLONE_NEWNET);
    closeSync(own);
    closeSync(other);
  }
}

/** Ids of the tcx programs at a device of the current namespace, in the order in which they run. */
export function tcxProgramIds(ifindex: number, direction: Direction): number[] {
  const ids = new Uint32Array(64);
  const attributes = Buffer.alloc(ATTRIBUTES);
  bpf('query', { 0: ifindex, 4: attachType[direction], 16: addressOf(ids), 24: ids.length }, attributes);
  return [...ids.subarray(0, attributes.readUInt32LE(24))];
}

/** Their names. */
export const tcxPrograms = (ifindex: number, direction: Direction): string[] =>
  tcxProgramIds(ifindex, direction).map((id) => programInfo(id).name);

/** Ids of all programs of the machine. */
export function programIds(): number[] {
  const ids: number[] = [];
  const attributes = Buffer.alloc(ATTRIBUTES);
  for (let id = 0; hasNext('nextProgramId', id, attributes); ids.push(id)) id = attributes.readUInt32LE(4);
  return ids;
}

function hasNext(what: 'nextProgramId', id: number, attributes: Buffer<ArrayBuffer>): boolean {
  try {
    bpf(what, { 0: id }, attributes);
    return true;
  } catch {
    return false;
  }
}

/** What the kernel says of a program; time and runs only while it is told to count them. */
export function programInfo(id: number): { name: string; runTimeNs: number; runs: number } {
  const program = bpf('programById', { 0: id });
  const info = Buffer.alloc(232);
  try {
    bpf('info', { 0: program, 4: info.length, 8: addressOf(info) });
  } finally {
    closeSync(program);
  }
  const name = info.toString('latin1', 64, 80).replace(/\0.*/, '');
  return { name, runTimeNs: Number(info.readBigUInt64LE(192)), runs: Number(info.readBigUInt64LE(200)) };
}

export interface Chain {
  /** Puts a program at a device of the current namespace with tcx, behind what is there. */
  attachTcx(place: number, ifindex: number, direction: Direction): void;
  /** For `tc filter add ... bpf da object-pinned`. */
  pin(place: number, path: string): void;
  /** How often each program ran in its turn. */
  counts(): number[];
  close(): void;
}

/**
 * Programs that pass the packet's mark on: the first counts packets of mark 0 and makes it 1, the next counts those of
 * mark 1, and so on; the last makes it 0 again. So their counts are equal only where all run, in this order.
 * Every one ends in "next".
 */
export function createChain(length: number): Chain {
  const map = bpf('mapCreate', { 0: ARRAY, 4: 4, 8: 8, 12: length });
  const programs = Array.from({ length }, (_, place) => loadProgram(place, length, map));
  const links: number[] = [];
  return {
    attachTcx(place, ifindex, direction) {
      links.push(bpf('linkCreate', { 0: programs[place], 4: ifindex, 8: attachType[direction] }));
    },
    pin: (place, path) => pin(programs[place], path),
    counts: () => programs.map((_, place) => readCount(map, place)),
    close: () => [...links, ...programs, map].forEach((fd) => closeSync(fd)),
  };
}

/** A path by which others find a program while they attach it: they hold it themselves then, and nothing stays mounted. */
export async function whilePinned<T>(pinAt: (path: string) => void, use: (path: string) => Promise<T>): Promise<T> {
  const bpffs = mkdtempSync(join(tmpdir(), 'hoplens-bpffs-'));
  try {
    await run(['mount', '-t', 'bpf', 'hoplens-test', bpffs]);
    try {
      const path = join(bpffs, 'foreign');
      pinAt(path);
      return await use(path);
    } finally {
      await run(['umount', bpffs]);
    }
  } finally {
    rmSync(bpffs, { recursive: true });
  }
}

export function pin(program: number, path: string): void {
  const name = Buffer.from(`${path}\0`);
  bpf('pin', { 0: addressOf(name), 8: program });
}

function readCount(map: number, place: number): number {
  const key = new Uint32Array([place]);
  const value = Buffer.alloc(8);
  bpf('mapLookup', { 0: map, 8: addressOf(key), 16: addressOf(value) });
  return Number(value.readBigUInt64LE());
}

/** One instruction: code, registers (destination, source), offset, immediate. */
function instruction(code: number, destination: number, source: number, offset: number, immediate: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(code, 0);
  bytes.writeUInt8((source << 4) | destination, 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}

function loadProgram(place: number, length: number, map: number): number {
  const MARK = 8; // in struct __sk_buff
  const code = Buffer.concat([
    instruction(0x61, 2, 1, MARK, 0), // r2 = skb->mark
    instruction(0x55, 2, 0, 11, place), // if r2 != place goto out
    instruction(0xb7, 2, 0, 0, (place + 1) % length), // r2 = next place
    instruction(0x63, 1, 2, MARK, 0), // skb->mark = r2
    instruction(0x62, 10, 0, -4, place), // *(u32 *)(r10 - 4) = place
    instruction(0xbf, 2, 10, 0, 0), // r2 = r10
    instruction(0x07, 2, 0, 0, -4), // r2 -= 4
    instruction(0x18, 1, 1, 0, map), // r1 = map, in two halves
    instruction(0x00, 0, 0, 0, 0),
    instruction(0x85, 0, 0, 0, 1), // r0 = bpf_map_lookup_elem
    instruction(0x15, 0, 0, 2, 0), // if r0 == 0 goto out
    instruction(0xb7, 1, 0, 0, 1), // r1 = 1
    instruction(0xdb, 0, 1, 0, 0), // lock *(u64 *)r0 += r1
    instruction(0xb7, 0, 0, 0, -1), // out: r0 = next
    instruction(0x95, 0, 0, 0, 0), // exit
  ]);
  return loadClassifier(`foreign${place}`, code);
}

/** Loads a program that does nothing but let the next one decide. */
export const loadEmpty = (name: string): number =>
  loadClassifier(name, Buffer.concat([instruction(0xb7, 0, 0, 0, -1), instruction(0x95, 0, 0, 0, 0)]));

/** A number in network order at a place in the frame. */
export interface Field {
  offset: number;
  bytes: 1 | 2;
  value: number;
}

const dropKinds = {
  tcxIngress: { type: SCHED_CLS, attach: attachType.ingress, flags: 0, data: 76, pass: -1, drop: 2 },
  tcxEgress: { type: SCHED_CLS, attach: attachType.egress, flags: 0, data: 76, pass: -1, drop: 2 },
  xdpGeneric: { type: XDP, attach: 37, flags: 2, data: 0, pass: 2, drop: 1 },
  xdpNative: { type: XDP, attach: 37, flags: 4, data: 0, pass: 2, drop: 1 },
} as const;

export type DropKind = keyof typeof dropKinds;

/** Loads a program that drops frames with this field, and leaves all others to whoever is next. */
export function loadDropper(kind: DropKind, { offset, bytes, value }: Field): number {
  const { type, data, pass, drop } = dropKinds[kind];
  const stored = bytes === 2 ? ((value & 255) << 8) | (value >> 8) : value;
  const code = Buffer.concat([
    instruction(0x61, 2, 1, data, 0), // r2 = context->data
    instruction(0x61, 3, 1, data + 4, 0), // r3 = context->data_end
    instruction(0xb7, 0, 0, 0, pass), // r0 = pass
    instruction(0xbf, 4, 2, 0, 0), // r4 = r2
    instruction(0x07, 4, 0, 0, offset + bytes), // r4 += offset + bytes
    instruction(0x2d, 4, 3, 3, 0), // if r4 > r3 goto exit
    instruction(bytes === 2 ? 0x69 : 0x71, 5, 2, offset, 0), // r5 = *(r2 + offset)
    instruction(0x55, 5, 0, 1, stored), // if r5 != value goto exit
    instruction(0xb7, 0, 0, 0, drop), // r0 = drop
    instruction(0x95, 0, 0, 0, 0), // exit
  ]);
  return loadProgramOf(type, 'dropper', code);
}

/** Attaches it to a device of the current namespace, with tcx behind what is there; closing the result takes it away. */
export function attachLink(kind: DropKind, program: number, ifindex: number): number {
  const { attach, flags } = dropKinds[kind];
  return bpf('linkCreate', { 0: program, 4: ifindex, 8: attach, 12: flags });
}

const loadClassifier = (name: string, code: Buffer): number => loadProgramOf(SCHED_CLS, name, code);

function loadProgramOf(type: number, name: string, code: Buffer): number {
  const license = Buffer.from('GPL\0');
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.write(name, 48, 'latin1');
  const fields = { 0: type, 4: code.length / 8, 8: addressOf(code), 16: addressOf(license) };
  return bpf('programLoad', fields, attributes);
}
