// Makes the root folder of hoplens' image: node, what it links to, and what `npm run build` made. No shell, no packages.
//   node deploy/rootfs.mjs FOLDER
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const koffi = `node_modules/@koromix/koffi-linux-${process.arch}`;

/** What runs, as paths in the checkout; the lab, the traffic and the wire stay out. */
const built = ['hoplens.mjs', 'worker.mjs', 'examine.mjs', 'libhoplens.so', 'dashboard'].map(
  (name) => `.build/${name}`,
);
const parts = [...built, 'node_modules/koffi', koffi, 'package.json', 'LICENSE'];

/** @param {string} binary @returns {string[]} the libraries it is linked to, the loader among them */
function libraries(binary) {
  const out = execFileSync('ldd', [binary], { encoding: 'utf8' });
  return [...out.matchAll(/(\/\S+) \(0x/g)].map((match) => /** @type {string} */ (match[1]));
}

/** What compiles filters is opened when one comes: no binary is linked to it. @returns {string[]} nothing where it is not installed */
function libpcap() {
  const known = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const [, path] = /libpcap\.so\.0\.8 .*=> (\S+)/.exec(known) ?? [];
  return path === undefined ? [] : [path, ...libraries(path)];
}

/** @param {string} from @param {string} to */
function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to, { recursive: true, dereference: true });
}

/** @param {string} folder @throws Error where a part is missing */
export function makeRootfs(folder) {
  const missing = parts.find((name) => !existsSync(join(root, name)));
  if (missing) throw new Error(`${missing} is missing: npm run build makes it`);
  rmSync(folder, { recursive: true, force: true });
  const filters = libpcap();
  if (filters.length === 0) {
    console.warn(
      'libpcap0.8 is not installed here: agents of this image follow only a sample of what a filter matches',
    );
  }
  const node = realpathSync(process.execPath);
  copy(node, join(folder, 'usr/bin/node'));
  const linked = [...libraries(node), ...libraries(join(root, '.build/libhoplens.so')), ...filters];
  for (const library of new Set(linked)) {
    copy(library, join(folder, library));
  }
  for (const part of parts) copy(join(root, part), join(folder, 'opt/hoplens', part));
}

/** The image's entry point. */
export const entrypoint = ['/usr/bin/node', '/opt/hoplens/.build/hoplens.mjs'];

if (process.argv[1] === new URL(import.meta.url).pathname) {
  if (process.argv.length !== 3) {
    console.error('usage: node deploy/rootfs.mjs FOLDER');
    process.exit(2);
  }
  makeRootfs(resolve(/** @type {string} */ (process.argv[2])));
}
