import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../server/testing.ts';
import { readNames, watchNames, type NamesWatch } from './file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'names-'));
  file = join(folder, 'names.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const yaml = (pod: string): string =>
  `pods:\n  - { name: ${pod}, namespace: shop, addresses: [10.244.1.2, fd00::2] }\n`;

describe('a names file', () => {
  it('is YAML or JSON', async () => {
    writeFileSync(file, yaml('web-1'));
    const { names, writtenMs } = await readNames(file);
    expect(names.pods).toEqual([{ name: 'web-1', namespace: 'shop', addresses: ['10.244.1.2', 'fd00::2'] }]);
    expect(Math.abs(writtenMs - Date.now())).toBeLessThan(60_000);
    writeFileSync(file, JSON.stringify(names));
    expect((await readNames(file)).names).toEqual(names);
  });

  it.each([
    ['pods:\n  - { name: web-1, addresses: [10.0.0.256] }', 'pods[0] (web-1), addresses[0]: is "10.0.0.256", which is no IP address'],
    ['pods: [', 'Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 8:'],
    ['pods: []\npods: []', 'Map keys must be unique at line 2, column 1:'],
    [' '.repeat((4 << 20) + 1), 'has 4194305 bytes, at most 4194304 are read'],
    [`# ${' '.repeat(1 << 20)}`, 'is more YAML than the 1048576 bytes that are read: write JSON'],
    [`a: &a [${'x, '.repeat(100)}]\nb: [${'*a, '.repeat(200)}]`, 'Excessive alias count indicates a resource exhaustion attack'],
  ])('that is wrong is named with the place: %#', async (text, why) => {
    writeFileSync(file, text);
    await expect(readNames(file)).rejects.toThrow(`${file}: ${why}`);
  }); // prettier-ignore

  it('that is not there is named', async () => {
    await expect(readNames(file)).rejects.toThrow(`${file}: there is no such file`);
  });
});

describe('a watched names file', () => {
  let watch: NamesWatch | undefined;
  afterEach(() => watch?.stop());

  function follow(): { pods: string[]; said: string[] } {
    const seen = { pods: [] as string[], said: [] as string[] };
    watch = watchNames({
      file,
      onNames: ({ names }) => seen.pods.push(names.pods.map(({ name }) => name).join()),
      say: (line) => seen.said.push(line),
    });
    return seen;
  }

  it('is read again when it was replaced; a broken version is said once and keeps the names before it', async () => {
    writeFileSync(file, yaml('web-1'));
    const seen = follow();
    await until(() => seen.pods.length === 1);
    writeFileSync(join(folder, 'new'), 'pods: 3');
    renameSync(join(folder, 'new'), file);
    await until(() => seen.said.length === 1);
    expect(seen.said).toEqual([`${file}: pods: must be a list; the names before it stay`]);
    writeFileSync(file, yaml('web-2'));
    await until(() => seen.pods.length === 2);
    expect(seen).toEqual({ pods: ['web-1', 'web-2'], said: seen.said.slice(0, 1) });
  });

  it('may come later, and may be a link that is turned as Kubernetes does it', async () => {
    const seen = follow();
    await until(() => seen.said.length === 1);
    expect(seen.said).toEqual([`${file}: there is no such file; going on without names`]);
    for (const version of ['one', 'two']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'names.yaml'), yaml(version));
      symlinkSync(version, join(folder, 'data_tmp'));
      renameSync(join(folder, 'data_tmp'), join(folder, 'data'));
      if (version === 'one') symlinkSync(join('data', 'names.yaml'), file);
      await until(() => seen.pods.at(-1) === version);
    }
    expect(seen.pods).toEqual(['one', 'two']);
  });

  it('is read again on demand though nothing shows that it changed', async () => {
    writeFileSync(file, yaml('web-1'));
    const seen = follow();
    await until(() => seen.pods.length === 1);
    watch!.reload();
    await until(() => seen.pods.length === 2);
    expect(seen.pods).toEqual(['web-1', 'web-1']);
  });

  it('tells nothing after its end', async () => {
    writeFileSync(file, yaml('web-1'));
    const seen = follow();
    await until(() => seen.pods.length === 1);
    watch!.stop();
    utimesSync(file, 1, 1);
    watch!.reload();
    const other = watchNames({ file, onNames: () => seen.pods.push('other'), say: () => {} });
    await until(() => seen.pods.length === 2);
    other.stop();
    expect(seen.pods).toEqual(['web-1', 'other']);
  });
});
