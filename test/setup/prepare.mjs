// node test/setup/prepare.mjs GOAL: installs what GOAL needs and is missing, and says what and why.
// Nothing missing, nothing said.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './debian.mjs';
import { fetchGo, findGo, goEnvironment, modules, root } from './go.mjs';
import { GOALS, isMet, needsOf } from './needs.mjs';
import { installPackages } from './packages.mjs';
import { Refusal, entry, must, timed } from './say.mjs';

/** @param {string} least */
function checkNode(least) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor = 0, wantMinor = 0] = least.split('.').map(Number);
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  throw new Refusal(`hoplens needs Node ${least} or newer; this is ${process.versions.node}.`);
}

/** @param {string} goal @param {string} reason */
function checkRoot(goal, reason) {
  if (process.getuid?.() === 0) return;
  throw new Refusal(
    `npm run ${goal} needs root: it ${reason}. Run:\n  sudo ${process.env.npm_command ? `npm run ${goal}` : process.argv.join(' ')}`,
  );
}

async function prepareGo() {
  const before = findGo();
  if (!before.good && !before.any) {
    await install([{ package: 'golang-go', command: 'go', why: 'builds the library that attaches the programs' }]);
  }
  const { good, any } = findGo();
  if (!good && any) await fetchGo(any);
  for (const folder of modules) await downloadModules(folder);
}

/** @param {string} folder */
async function downloadModules(folder) {
  const sums = join(root, folder, 'go.sum');
  if (!existsSync(sums)) return;
  const stamp = join(root, '.build/stamps', `${folder.replace('/', '-')}-modules`);
  const hash = createHash('sha256').update(readFileSync(sums)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  await timed(`fetching the Go modules of ${folder}`, () =>
    must('go', ['mod', 'download'], { cwd: join(root, folder), env: goEnvironment() }),
  );
  mkdirSync(join(root, '.build/stamps'), { recursive: true });
  writeFileSync(stamp, hash);
}

await entry(async () => {
  const name = process.argv[2] ?? '';
  const goal = GOALS[name];
  if (!goal) throw new Refusal(`usage: node test/setup/prepare.mjs ${Object.keys(GOALS).join('|')}`);
  checkNode('20.19');
  if (goal.root) checkRoot(name, goal.root);
  await install(needsOf(name).filter((need) => !isMet(need)));
  if (goal.go) await prepareGo();
  if (goal.npm) await installPackages(root);
});
