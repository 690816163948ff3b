// Makes hoplens' image as a docker archive, without docker: docker load, ctr -n k8s.io images import and kind load image-archive
// take it. The same build gives the same bytes.
//   node deploy/image.mjs OUT.tar [--tag NAME:TAG]
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { entrypoint, makeRootfs } from './rootfs.mjs';
import { entriesOf, entryOf, tar } from './tar.mjs';

const { version, description, license } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** A registry of this name is nowhere: where the image was not loaded nobody else's is run in its place. */
export const defaultTag = `localhost/hoplens:${version}`;

const architectures = /** @type {Record<string, string>} */ ({ x64: 'amd64' });

/** @param {string} layerDigest of the layer before it is compressed, which it never is */
function configOf(layerDigest) {
  return {
    created: new Date(0).toISOString(),
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      Entrypoint: entrypoint,
      Cmd: ['agent'],
      Env: ['PATH=/usr/bin'],
      ExposedPorts: { '9430/tcp': {} },
      Labels: {
        'org.opencontainers.image.title': 'hoplens',
        'org.opencontainers.image.description': description,
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.licenses': license,
      },
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
  };
}

/** @param {Iterable<Uint8Array>} chunks */
function measure(chunks) {
  const hash = createHash('sha256');
  let size = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, digest: hash.digest('hex') };
}

/** The archive of a root folder. @param {string} folder @param {string} tag */
export function imageOf(folder, tag) {
  const files = entriesOf(folder);
  const { size, digest } = measure(tar(files));
  const config = JSON.stringify(configOf(digest));
  const configName = `${measure([Buffer.from(config)]).digest}.json`;
  const layerName = `${digest}/layer.tar`;
  const manifest = [{ Config: configName, RepoTags: [tag], Layers: [layerName] }];
  return tar([
    entryOf('manifest.json', JSON.stringify(manifest)),
    entryOf(configName, config),
    { path: layerName, mode: 0o644, size, read: () => tar(files) },
  ]);
}

/** @param {string} out @param {string} [tag] @throws Error where the build is missing or the file cannot be written */
export function writeImage(out, tag = defaultTag) {
  const folder = mkdtempSync(join(tmpdir(), 'hoplens-image-'));
  try {
    makeRootfs(folder);
    const file = openSync(out, 'w');
    try {
      // It goes on where only a part was written.
      for (const chunk of imageOf(folder, tag)) writeFileSync(file, chunk);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { tag: { type: 'string' } } });
  const [out, ...rest] = positionals;
  if (out === undefined || rest.length > 0) {
    console.error('usage: node deploy/image.mjs OUT.tar [--tag NAME:TAG]');
    process.exit(2);
  }
  writeImage(out, values.tag);
  console.log(values.tag ?? defaultTag);
}
