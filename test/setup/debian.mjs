// Debian's packages, by its own client and the machine's own sources.
import { readFileSync } from 'node:fs';
import { Refusal, capture, must, say, timed } from './say.mjs';

const OPTIONS = [
  '-y',
  '-q',
  '--no-install-recommends',
  '-o',
  'DPkg::Lock::Timeout=300',
  '-o',
  'Dpkg::Options::=--force-confold',
];

/** Debian and what calls itself like Debian. */
export function isDebian(text = osRelease()) {
  return /^(ID|ID_LIKE)=.*\bdebian\b/m.test(text);
}

function osRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

/** @param {string[]} packages */
export function installCommand(packages) {
  return `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Installs what is missing, or says which command would.
 * @param {import('./needs.mjs').Need[]} missing
 */
export async function install(missing) {
  if (missing.length === 0) return;
  for (const need of missing) say(`missing: ${need.command ?? need.file} (package ${need.package}): ${need.why}`);
  const packages = missing.map((need) => need.package);
  if (!isDebian())
    throw new Refusal(`This is not Debian: install ${missing[0]?.command ?? missing[0]?.file} your system’s way.`);
  if (process.getuid?.() !== 0)
    throw new Refusal(`Not root. Run this, then start again:\n  sudo ${installCommand(packages)}`);
  await timed(`installing ${packages.join(' ')}`, () => aptInstall(packages));
}

/** @param {string[]} packages */
function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const attempt = () => capture('apt-get', ['install', ...OPTIONS, ...packages], { env });
  if (attempt().ok) return;
  // No package lists yet, or lists that name versions which are gone.
  const update = capture('apt-get', ['update', '-q'], { env });
  const second = attempt();
  if (!second.ok) throw new Refusal(`${installCommand(packages)} failed:\n${update.ok ? '' : update.all}${second.all}`);
}

/** The machine's first source of Debian's main packages. */
export function debianMirror() {
  const format = ['indextargets', '--format', '$(REPO_URI) $(CODENAME)', 'Created-By: Packages', 'Origin: Debian'];
  const lines = must('apt-get', format).trim().split('\n');
  const line = lines.find((text) => /^\S+ [a-z]+$/.test(text));
  if (!line) throw new Refusal('apt knows no Debian repository here; run apt-get update.');
  return /** @type {string} */ (line.split(' ')[0]);
}
