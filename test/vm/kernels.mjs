// Debian's kernels, downloaded by apt from the machine's own repository and kept unpacked.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { debianMirror } from '../setup/debian.mjs';
import { Refusal, must, timed } from '../setup/say.mjs';

/**
 * Kernel series and the Debian that has it.
 * @type {Record<string, string>}
 */
export const SERIES = { 6.1: 'bookworm', 6.12: 'trixie' };

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hoplens/kernels');

/** @typedef {{ release: string, image: string, modules: string, busybox: string }} Kernel */

/**
 * @param {string} series a key of SERIES
 * @returns {Promise<Kernel>}
 */
export async function kernelOf(series) {
  const folder = join(cache, series);
  if (!busyboxIn(folder)) await timed(`downloading Debian’s kernel ${series}`, () => download(series, folder));
  const release = readdirSync(join(folder, 'lib/modules'))[0];
  if (!release) throw new Refusal(`${folder} holds no kernel; remove it and start again.`);
  return {
    release,
    image: join(folder, `boot/vmlinuz-${release}`),
    modules: join(folder, 'lib/modules', release),
    busybox: busyboxIn(folder) ?? '',
  };
}

/** A static one of the kernel's own Debian, whatever this machine has. @param {string} folder */
const busyboxIn = (folder) => ['bin', 'usr/bin'].map((bin) => join(folder, bin, 'busybox')).find((file) => existsSync(file)); // prettier-ignore

/** @param {string} series @param {string} folder */
function download(series, folder) {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'download-'));
  try {
    const apt = privateApt(work, SERIES[series] ?? '');
    must('apt-get', [...apt, 'update', '-q']);
    must('apt-get', [...apt, 'download', '-q', imagePackage(apt), 'busybox-static'], { cwd: work });
    unpack(work, join(work, 'root'));
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'root'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Options for an apt that knows one suite only and leaves the machine's lists alone.
 * @param {string} work @param {string} suite
 */
function privateApt(work, suite) {
  const lists = join(work, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  writeFileSync(join(work, 'sources.list'), `deb ${debianMirror()} ${suite} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': lists,
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'APT::Sandbox::User': 'root', // apt's own user cannot write below root's home
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** The package that Debian's own `linux-image-amd64` stands for. @param {string[]} apt */
function imagePackage(apt) {
  const text = must('apt-cache', [...apt, 'depends', 'linux-image-amd64']);
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1];
  if (!name) throw new Refusal('apt knows no linux-image-amd64.');
  return name;
}

/** @param {string} work @param {string} root */
function unpack(work, root) {
  for (const archive of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
    must('dpkg', ['-x', join(work, archive), root]);
  }
  // Debian 13 ships its modules below /usr.
  if (!existsSync(join(root, 'lib'))) renameSync(join(root, 'usr/lib'), join(root, 'lib'));
  const release = readdirSync(join(root, 'lib/modules'))[0] ?? '';
  must('depmod', ['-b', root, release]);
}
