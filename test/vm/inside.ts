// Runs inside a guest of check:kernels: node --import tsx test/vm/inside.ts [FILE or FOLDER]...
//
// Each file is a step of its own: a run of many minutes, or one that dies, has told what it knew.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/go.mjs';
import { sum, withExit } from '../run/counts.ts';
import { execute } from '../run/execute.ts';
import { countGo, failuresInGo } from '../run/go-json.ts';
import { runSteps } from '../run/show.ts';
import { limitMs, vitest, type Report, type Step } from '../run/steps.ts';

/** Whose tests depend on the kernel. */
const FOLDERS = ['test/e2e', 'test/e2e/causes'];

/** What makes no sense here, and why. */
const LEFT_OUT: Record<string, string> = {
  'test/e2e/page.test.ts': 'a browser takes minutes for a page here, and what it draws does not depend on the kernel',
  'test/e2e/hurts.test.ts': 'it is about times, which mean nothing here',
};

/** They arrive compiled, as does what counts them: a compiler under emulation takes minutes. */
async function goTests(): Promise<Report> {
  const words = ['-p', 'bpf', '../.build/bpf.test', '-test.v=test2json', '-test.timeout=20m'];
  const { ok, out, all } = await execute(join(root, '.build/test2json'), words, { folder: join(root, 'bpf'), limitMs });
  return { counts: withExit(sum(countGo(out)), ok), output: failuresInGo(out) || all };
}

function filesOf(place: string): string[] {
  if (place.endsWith('.test.ts')) return [place];
  const names = readdirSync(join(root, place)).filter((name) => name.endsWith('.test.ts'));
  return names.map((name) => join(place, name));
}

const isRun = (file: string): boolean => {
  if (LEFT_OUT[file] === undefined) return true;
  console.log(`left out ${file}: ${LEFT_OUT[file]}`);
  return false;
};

const places = process.argv.slice(2);
const go: Step[] = places.length === 0 ? [{ name: 'go test bpf', run: goTests }] : [];
const files = (places.length === 0 ? FOLDERS : places).flatMap(filesOf).filter(isRun);
await runSteps([...go, ...files.map((file) => vitest(file, [file]))]);
