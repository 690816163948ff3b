// npm's packages: installed exactly as locked, and only when they are not.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, timed } from './say.mjs';

/** @typedef {{ version?: string, optional?: boolean, link?: boolean }} Locked */

/**
 * npm leaves in node_modules the list of what it put there.
 * @param {Record<string, Locked>} locked
 * @param {Record<string, Locked>} installed
 * @returns {string | undefined} the first package that differs; optional ones are for other platforms
 */
export function firstDifference(locked, installed) {
  const missing = Object.entries(locked).find(
    ([name, { version, optional }]) =>
      name !== '' && (installed[name] ? installed[name].version !== version : optional !== true),
  );
  return missing?.[0] ?? Object.keys(installed).find((name) => !locked[name]);
}

/** @param {string} file @returns {Record<string, Locked>} */
function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

/** @param {string} root */
export async function installPackages(root) {
  const locked = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'));
  const difference = firstDifference(locked, installed);
  if (!difference) return;
  const count = Object.keys(locked).length - 1;
  await timed(`installing ${count} npm packages as locked (${difference} is missing or differs)`, () => {
    must('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root });
  });
}
