// Archives in the form of POSIX.1-1988 (ustar), which every tar reads. The same files give the same bytes: sorted, owned by
// root, from the year 1970.
import { Buffer } from 'node:buffer';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ path: string, mode: number, size: number, read: () => Iterable<Uint8Array> }} Entry a folder's path ends in / */

const BLOCK = 512;
const MAX_NAME = 100;
const MAX_PREFIX = 155;

/** @param {string} path @param {string | Uint8Array} content @returns {Entry} */
export function entryOf(path, content) {
  const bytes = Buffer.from(content);
  return { path, mode: 0o644, size: bytes.length, read: () => [bytes] };
}

/** What is in a folder; modes are those that a checkout keeps. @param {string} folder @returns {Entry[]} */
export function entriesOf(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => {
    const path = join(folder, name);
    const stats = statSync(path);
    if (stats.isDirectory()) return { path: `${name}/`, mode: 0o755, size: 0, read: () => [] };
    return { path: name, mode: stats.mode & 0o100 ? 0o755 : 0o644, size: stats.size, read: () => [readFileSync(path)] };
  });
}

/** @param {Entry[]} entries @returns {Generator<Uint8Array>} */
export function* tar(entries) {
  for (const entry of entries) {
    yield header(entry);
    yield* entry.read();
    yield Buffer.alloc((BLOCK - (entry.size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** @param {Entry} entry */
function header({ path, mode, size }) {
  const block = Buffer.alloc(BLOCK);
  const { prefix, name } = split(path);
  const octal = (/** @type {number} */ value, /** @type {number} */ at, /** @type {number} */ length) =>
    block.write(value.toString(8).padStart(length - 1, '0'), at);
  block.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(' '.repeat(8), 148); // the checksum counts as spaces while it is computed
  block.write(path.endsWith('/') ? '5' : '0', 156);
  block.write('ustar\x0000', 257);
  block.write(prefix, 345);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    8,
  );
  return block;
}

/** A long path stands in two fields, cut at a slash. @param {string} path */
function split(path) {
  if (Buffer.byteLength(path) <= MAX_NAME) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= MAX_PREFIX && Buffer.byteLength(name) <= MAX_NAME && name) return { prefix, name };
  }
  throw new Error(`${path} is too long for an archive`);
}
