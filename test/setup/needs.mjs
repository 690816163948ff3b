// What each goal needs from the operating system, and why. A need is met by the program or file
// itself, wherever it came from; the Debian package is how to get it.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Need
 * @property {string} package Debian's name
 * @property {string} why
 * @property {string} [command] met when this is on the path
 * @property {string} [file] met when this exists
 */

/** @type {Record<string, Need[]>} */
const GROUPS = {
  registries: [
    {
      package: 'ca-certificates',
      file: '/etc/ssl/certs/ca-certificates.crt',
      why: 'lets npm and Go trust their registries',
    },
  ],
  build: [
    { package: 'gcc', command: 'gcc', why: 'links the Go library that Node loads' },
    { package: 'libc6-dev', file: '/usr/include/stdlib.h', why: 'C headers for that library' },
  ],
  lab: [
    { package: 'iproute2', command: 'ip', why: 'makes the namespaces and devices of the lab' },
    { package: 'ethtool', command: 'ethtool', why: 'switches the offloads of the lab’s devices' },
    { package: 'nftables', command: 'nft', why: 'gives the lab its Service addresses' },
    { package: 'iputils-ping', command: 'ping', why: 'makes traffic' },
  ],
  generate: [
    { package: 'clang-19', command: 'clang-19', why: 'compiles the kernel programs' },
    { package: 'llvm-19', command: 'llvm-strip-19', why: 'strips them' },
    { package: 'libbpf-dev', file: '/usr/include/bpf/bpf_helpers.h', why: 'headers of the kernel programs' },
  ],
  load: [{ package: 'iperf3', command: 'iperf3', why: 'traffic at full speed' }],
  // It brings libpcap0.8, which compiles filters and is opened when one comes.
  tests: [
    { package: 'tcpdump', command: 'tcpdump', why: 'a second opinion on what crossed a device' },
    { package: 'iptables', command: 'iptables-legacy', why: 'makes rules as kube-proxy and CNIs do' },
  ],
  browser: [{ package: 'chromium', file: '/usr/bin/chromium', why: 'opens the page' }],
  kernels: [
    { package: 'qemu-system-x86', command: 'qemu-system-x86_64', why: 'boots other kernels' },
    { package: 'cpio', command: 'cpio', why: 'packs what starts them' },
    { package: 'kmod', command: 'modprobe', why: 'loads their modules' },
    { package: 'xz-utils', command: 'xz', why: 'unpacks them' },
  ],
  fresh: [
    { package: 'debootstrap', command: 'debootstrap', why: 'makes a fresh Debian' },
    { package: 'git', command: 'git', why: 'clones into it' },
  ],
};

/** @typedef {{ groups: string[], go: boolean, npm: boolean, root?: string }} Goal */

/** @type {Goal} */
const GUESTS = {
  groups: ['registries', 'build', 'lab', 'tests', 'kernels'],
  go: true,
  npm: true,
  root: 'reads the whole file system for the guest',
};

/** @type {Record<string, Goal>} */
export const GOALS = {
  build: { groups: ['registries', 'build'], go: true, npm: true },
  demo: {
    groups: ['registries', 'build', 'lab'],
    go: true,
    npm: true,
    root: 'makes network namespaces and attaches programs in the kernel',
  },
  replay: { groups: [], go: false, npm: true },
  generate: { groups: ['registries', 'generate'], go: true, npm: false },
  'generate:manifest': { groups: ['registries'], go: true, npm: false },
  'check:deploy': { groups: ['registries'], go: true, npm: true },
  test: { groups: ['registries', 'build', 'lab', 'generate', 'load', 'tests', 'browser'], go: true, npm: true },
  bench: {
    groups: ['registries', 'build', 'lab', 'load', 'tests', 'browser'],
    go: true,
    npm: true,
    root: 'makes network namespaces and attaches programs in the kernel',
  },
  screenshots: {
    groups: ['registries', 'build', 'lab', 'browser'],
    go: true,
    npm: true,
    root: 'makes network namespaces and attaches programs in the kernel',
  },
  'check:kernels': GUESTS,
  'check:verified': GUESTS,
  'check:quiet': {
    groups: ['registries', 'build', 'lab'],
    go: true,
    npm: true,
    root: 'makes network namespaces and attaches programs in the kernel',
  },
  'check:fuzz': { groups: ['registries', 'build'], go: true, npm: false, root: 'loads the kernel programs' },
  'check:matrix': {
    groups: ['registries', 'build', 'lab', 'tests'],
    go: true,
    npm: true,
    root: 'makes network namespaces and attaches programs in the kernel',
  },
  'check:fresh': { groups: ['fresh'], go: false, npm: false, root: 'makes a root file system and mounts' },
};

/** @param {string} goal */
export function needsOf(goal) {
  return (GOALS[goal]?.groups ?? []).flatMap((group) => GROUPS[group] ?? []);
}

/**
 * Administration programs are off the path of an ordinary user; they still count as installed.
 * @param {string} command
 * @param {string | undefined} path
 */
export function onPath(command, path = process.env.PATH) {
  const folders = [...(path ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.filter(Boolean).find((folder) => executable(join(folder, command)));
}

/** @param {string} file */
function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {Need} need */
export function isMet(need) {
  return (!need.command || onPath(need.command) !== undefined) && (!need.file || existsSync(need.file));
}
