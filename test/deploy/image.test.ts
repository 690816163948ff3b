import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageOf } from '../../deploy/image.mjs';
import { entrypoint, makeRootfs } from '../../deploy/rootfs.mjs';
import { entriesOf, entryOf, tar } from '../../deploy/tar.mjs';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'hoplens-image-test-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the system's own tar reads out of an archive. */
const gnuTar = (words: string[], archive: Buffer): string =>
  execFileSync('tar', words, { input: archive, encoding: 'utf8', env: { TZ: 'UTC', PATH: process.env['PATH'] } });

describe('an archive', () => {
  it('lists what is in a folder, whoever owns it and whenever it was written', () => {
    const root = join(folder, 'listed');
    for (const [name, mode] of [['b/two', 0o600], ['b-c', 0o644], ['a', 0o775]] as const) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), name, { mode });
    } // prettier-ignore
    const listed = gnuTar(['-tv', '--numeric-owner'], Buffer.concat([...tar(entriesOf(root))]));
    expect(listed.trim().split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      '-rwxr-xr-x 0/0 1 1970-01-01 00:00 a',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 b/',
      '-rw-r--r-- 0/0 3 1970-01-01 00:00 b-c',
      '-rw-r--r-- 0/0 5 1970-01-01 00:00 b/two',
    ]); // prettier-ignore
  });

  it('gives back every file, at any depth and of any length', () => {
    const name = fc.stringMatching(/^[a-z0-9._-]{1,50}$/).filter((text) => !/^\.+$/.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const content = fc.uint8Array({ maxLength: 1100 });
    fc.assert(
      fc.property(path, content, (at, bytes) => {
        const archive = Buffer.concat([...tar([entryOf(at, bytes), entryOf('LAST', 'x')])]);
        expect(archive.length % 512).toBe(0);
        expect(gnuTar(['-t'], archive)).toBe(`${at}\nLAST\n`);
        expect(execFileSync('tar', ['-xO', '--', at], { input: archive })).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a path that no field holds', () => {
    expect(() => [...tar([entryOf('x'.repeat(101), '')])]).toThrow(/too long/);
  });
});

it('an image names its parts by what is in them, and the same files give the same bytes', () => {
  const root = join(folder, 'small');
  mkdirSync(root);
  writeFileSync(join(root, 'file'), 'of one layer');
  const image = Buffer.concat([...imageOf(root, 'localhost/small:1')]);
  expect(Buffer.concat([...imageOf(root, 'localhost/small:1')])).toEqual(image);

  const part = (name: string): Buffer => execFileSync('tar', ['-xO', name], { input: image });
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const [{ Config, RepoTags, Layers }] = JSON.parse(part('manifest.json').toString()) as [{ Config: string; RepoTags: string[]; Layers: string[] }]; // prettier-ignore
  expect(RepoTags).toEqual(['localhost/small:1']);
  expect(Config).toBe(`${digest(part(Config))}.json`);
  const layer = part(Layers[0]);
  expect(JSON.parse(part(Config).toString())).toMatchObject({ rootfs: { diff_ids: [`sha256:${digest(layer)}`] }, config: { Entrypoint: entrypoint } }); // prettier-ignore
  expect(gnuTar(['-xO', 'file'], layer)).toBe('of one layer');
});

const isRoot = process.getuid?.() === 0;

describe('the root folder of the image', () => {
  let root: string;
  beforeAll(() => makeRootfs((root = join(folder, 'root'))));

  it('holds what runs, and nothing of the lab or of the tests', () => {
    const built = readdirSync(join(root, 'opt/hoplens/.build')).sort();
    expect(built).toEqual(['dashboard', 'examine.mjs', 'hoplens.mjs', 'libhoplens.so', 'worker.mjs']);
    expect(readdirSync(join(root, 'opt/hoplens')).sort()).toEqual([
      '.build',
      'LICENSE',
      'node_modules',
      'package.json',
    ]);
    expect(readdirSync(join(root, 'opt/hoplens/.build/dashboard'))).toContain('index.html');
    expect(readdirSync(join(root, 'usr/bin'))).toEqual(['node']);
  });

  // Nothing of the machine's own is there to help: a library that is missing shows.
  it.skipIf(!isRoot)(
    'runs by itself, and opens the libraries of the agent and of filters (needs root for chroot)',
    () => {
      const [node, main] = entrypoint;
      const inRoot = (...words: string[]) =>
        execFileSync('chroot', [root, node, ...words], { encoding: 'utf8', env: { PATH: '/usr/sbin:/usr/bin' } });
      expect(inRoot(main, '--version')).toMatch(/^\d+\.\d+\.\d+/);
      const open = `const koffi = require('/opt/hoplens/node_modules/koffi');
      for (const name of ['/opt/hoplens/.build/libhoplens.so', 'libpcap.so.0.8']) koffi.load(name);
      console.log('opened');`;
      expect(inRoot('-e', open)).toBe('opened\n');
    },
  );
});
