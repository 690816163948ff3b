// Builds everything that runs into .build/, skipping what is up to date. `build.mjs bench` also builds what
// `npm run bench` needs.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goEnvironment, root } from './go.mjs';
import { Refusal, entry, must, timed } from './say.mjs';

const out = join(root, '.build');
const REQUIRE =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

/**
 * @typedef {object} Target
 * @property {string} output in .build/
 * @property {string[]} inputs folders and files that it is made of
 * @property {boolean} [tests] tests are among them
 * @property {() => unknown} make
 */

/** @param {string} folder @param {string} output @param {string[]} options */
function goBuild(folder, output, options) {
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', join(out, output)];
  must('go', ['build', ...flags, ...options], {
    cwd: join(root, folder),
    env: { ...goEnvironment(), CGO_ENABLED: '1' },
  });
}

/** @param {string} source @param {string} output @param {boolean} [command] made executable */
async function bundle(source, output, command = false) {
  const { build } = await import('esbuild');
  const settings = /** @type {import('esbuild').BuildOptions} */ ({
    entryPoints: [join(root, source)],
    outfile: join(out, output),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    // koffi brings a native binary; two are ws's optional ones, which we do without; the last drives a browser in benchmarks.
    external: ['koffi', 'bufferutil', 'utf-8-validate', 'playwright-core'],
    banner: { js: `${command ? '#!/usr/bin/env node\n' : ''}${REQUIRE}` },
    logLevel: 'silent',
  });
  await build(settings).catch((error) => {
    throw new Refusal(error.message);
  });
  if (command) chmodSync(join(out, output), 0o755);
}

async function buildPage() {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'dashboard/vite.config.ts'), logLevel: 'error' });
}

/** The page shares with the agent what needs neither Node nor a socket; what that is changes, so all of it counts. */
const PAGE = [
  'dashboard/index.html',
  'dashboard/vite.config.ts',
  'dashboard/src',
  'agent',
  'package-lock.json',
  'test/setup/build.mjs',
];

const CODE = ['agent', 'test', 'package-lock.json', 'test/setup/build.mjs'];

/** @type {Target[]} */
const targets = [
  {
    output: 'libhoplens.so',
    inputs: ['bpf'],
    make: () => goBuild('bpf', 'libhoplens.so', ['-buildmode=c-shared', './library']),
  },
  { output: 'wire', inputs: ['test/wire'], make: () => goBuild('test/wire', 'wire', ['.']) },
  { output: 'numbered', inputs: ['test/numbered'], make: () => goBuild('test/numbered', 'numbered', ['.']) },
  { output: 'hoplens.mjs', inputs: CODE, make: () => bundle('agent/main.ts', 'hoplens.mjs', true) },
  { output: 'worker.mjs', inputs: CODE, make: () => bundle('agent/kernel/worker.ts', 'worker.mjs') },
  { output: 'examine.mjs', inputs: CODE, make: () => bundle('agent/doctor/examine.ts', 'examine.mjs') },
  { output: 'lab.mjs', inputs: CODE, make: () => bundle('test/lab/cli.ts', 'lab.mjs') },
  { output: 'demo.mjs', inputs: CODE, make: () => bundle('test/demo/main.ts', 'demo.mjs') },
  { output: 'dashboard', inputs: PAGE, make: buildPage },
  { output: 'traffic.mjs', inputs: CODE, make: () => bundle('test/traffic/main.ts', 'traffic.mjs') },
];

/** @type {Target[]} */
const benchTargets = [
  { output: 'bench.mjs', inputs: CODE, make: () => bundle('test/bench/main.ts', 'bench.mjs') },
  { output: 'bpf.test', inputs: ['bpf'], tests: true, make: buildGoTests },
];

/** The Go benchmarks, to be run without a compiler beside them. */
function buildGoTests() {
  must('go', ['test', '-c', '-o', join(out, 'bpf.test'), '.'], { cwd: join(root, 'bpf'), env: goEnvironment() });
}

/** @param {string} path @param {boolean} tests wanted too @returns {string[]} its files */
function filesOf(path, tests) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return !tests && /(\.test\.ts|_test\.go)$/.test(path) ? [] : [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name), tests));
}

/** @param {Target} target */
function hashOf({ inputs, tests = false }) {
  const hash = createHash('sha256').update(process.version);
  for (const file of inputs.flatMap((input) => filesOf(join(root, input), tests))) {
    hash.update(`\0${file}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** The recorded session runs without Go and without the kernel's side. @param {string | undefined} goal */
const isNeededFor =
  (goal) =>
  (/** @type {Target} */ { output }) =>
    goal !== 'replay' || output === 'demo.mjs' || output === 'dashboard';

/** @param {Target} target */
async function refresh(target) {
  const { output, make } = target;
  const stamp = join(out, 'stamps', output);
  const hash = hashOf(target);
  if (existsSync(join(out, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  await timed(`building .build/${output}`, make);
  writeFileSync(stamp, hash);
}

await entry(async () => {
  mkdirSync(join(out, 'stamps'), { recursive: true });
  const goal = process.argv[2];
  const wanted = goal === 'bench' ? [...targets, ...benchTargets] : targets.filter(isNeededFor(goal));
  for (const target of wanted) await refresh(target);
});
