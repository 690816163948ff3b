// Are the committed objects and Go files what their sources generate?
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Counts, FAILED, NOTHING, PASSED } from './counts.ts';
import { execute } from './execute.ts';
import { type Report } from './steps.ts';

/** Why this machine cannot tell: the bytes depend on the compiler. */
async function otherClang(recorded: string): Promise<string | undefined> {
  const { out } = await execute('clang-19', ['--version']);
  const here = out.split('\n')[0]?.trim() ?? '';
  return here === recorded ? undefined : `clang here is “${here || 'missing'}”, the recorded one “${recorded}”`;
}

function differing(committed: string, again: string): string[] {
  const generated = [committed, again].flatMap((folder) =>
    readdirSync(folder).filter((name) => /_bpfel\.(go|o)$/.test(name)),
  );
  const bytes = (folder: string, name: string) =>
    readdirSync(folder).includes(name) ? readFileSync(join(folder, name)) : Buffer.alloc(0);
  return [...new Set(generated)].filter((name) => !bytes(committed, name).equals(bytes(again, name)));
}

function skipped(reason: string): Counts {
  return { ...NOTHING, skipped: [{ name: 'generated files are up to date', reason }] };
}

/**
 * Generates once more in a copy and compares bytes.
 * @param root of the repository
 */
export async function checkGenerated(root: string, environment: NodeJS.ProcessEnv): Promise<Report> {
  const source = join(root, 'bpf');
  const reason = await otherClang(readFileSync(join(source, 'clang-version'), 'utf8').trim());
  if (reason) return { counts: skipped(reason), output: '' };
  const copy = mkdtempSync(join(root, '.build/generated-'));
  try {
    cpSync(source, copy, { recursive: true, filter: (file) => !/_bpfel\.(go|o)$/.test(file) });
    const { ok, all } = await execute('go', ['generate', './...'], { folder: copy, environment });
    const names = ok ? differing(source, copy) : [];
    const output = ok ? `not what go generate makes: ${names.join(', ')}\n` : all;
    return { counts: ok && names.length === 0 ? PASSED : FAILED, output };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
