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

/** Vitest itself on files written here, so that its report is the real one. */
async function runVitest(sources: Record<string, string>) {
  const folder = mkdtempSync(join(root, '.build/vitest-'));
  try {
    for (const [name, source] of Object.entries(sources)) writeFileSync(join(folder, name), source);
    const file = join(folder, 'report.json');
    const reporter = ['--reporter=json', `--outputFile=${file}`];
    await execute(join(root, 'node_modules/.bin/vitest'), ['run', '--root', folder, ...reporter], { folder });
    const text = readFileSync(file, 'utf8');
    return { counts: sum(countVitest(text, `${folder}/`)), failures: failuresInVitest(text, `${folder}/`) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the report of vitest', () => {
  it('is counted, with why a test was skipped, and what failed is named', async () => {
    const { counts, failures } = await runVitest({ 'a.test.mjs': SOURCE, 'broken.test.mjs': 'throw new Error("no");' });
    expect(closingLine(counts)).toBe('1 passed, 2 failed, 1 skipped');
    expect(failures).toMatch(/^a.test.mjs > wrong\n {2}AssertionError: expected 1 to be 2/m);
    expect(failures).toMatch(/^broken.test.mjs: no$/m);
    expect(counts.skipped).toEqual([{ name: 'a.test.mjs > rises', reason: 'needs a moon > rises' }]);
  });
});
