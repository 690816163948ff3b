import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../setup/go.mjs';
import { closingLine, sum } from './counts.ts';
import { execute } from './execute.ts';
import { countVitest, failuresInVitest } from './vitest-json.ts';

const SOURCE = `
import { describe, expect, it } from 'vitest';
it('right', () => expect(1).toBe(1));
it('wrong', () => expect(1).toBe(2));
describe.skipIf(true)('needs a moon', () => it('rises', () => expect(1).toBe(1)));
`;

const HOOK = `
import { beforeAll, describe, it } from 'vitest';
describe('after a hook', () => {
  beforeAll(() => { throw new Error('no hook'); });
  it('is not run', () => {});
});
`;

/** Vitest itself on files written here, so that its report is the real one. */
async function runVitest(sources: Record<string, string>) {
  const folder = mkdtempSync(join(root, '.build/vitest-'));
  try {
    for (const [name, source] of Object.entries(sources)) writeFileSync(join(folder, name), source);
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const environment = { ...process.env, NO_COLOR: '1' };
    const { all } = await execute(join(root, 'node_modules/.bin/vitest'), ['run', '--root', folder, ...reporters], {
      folder,
      environment,
    });
    return { counts: sum(countVitest(readFileSync(file, 'utf8'), `${folder}/`)), failures: failuresInVitest(all) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the report of vitest', () => {
  it('is counted, with why a test was skipped, and what failed is named', async () => {
    const { counts, failures } = await runVitest({
      'a.test.mjs': SOURCE,
      'broken.test.mjs': 'throw new Error("no");',
      'hook.test.mjs': HOOK,
    });
    expect(closingLine(counts)).toBe('1 passed, 3 failed, 2 skipped');
    for (const said of [
      'a.test.mjs > wrong',
      'expected 1 to be 2',
      'broken.test.mjs',
      'Error: no',
      'hook.test.mjs',
      'Error: no hook',
    ])
      expect(failures).toContain(said);
    expect(failures).not.toContain('RUN');
    expect(counts.skipped).toContainEqual({ name: 'a.test.mjs > rises', reason: 'needs a moon > rises' });
  });
});
