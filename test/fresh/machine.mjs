// Makes a Debian that has Node, npm and git and nothing else of ours, set up to reach the package
// registries the way this machine does. Everything comes from this machine's own configuration.
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianMirror } from '../setup/debian.mjs';
import { capture, must } from '../setup/say.mjs';

/**
 * @param {string} folder a new folder
 * @param {string} suite such as bookworm
 */
export function bootstrap(folder, suite) {
  // In a mount namespace of its own, so that what debootstrap mounts cannot outlive it.
  const options = ['--variant=minbase', '--include=ca-certificates,git', suite, folder, debianMirror()];
  must('unshare', ['--mount', '--propagation', 'private', 'debootstrap', ...options]);
  copyRegistryAccess(folder);
  copyNode(folder);
}

/** @param {string} folder */
function copyRegistryAccess(folder) {
  const files = [
    '/etc/apt/apt.conf',
    '/etc/apt/apt.conf.d',
    '/etc/apt/auth.conf.d',
    '/etc/ssl/certs',
    '/usr/local/share/ca-certificates',
    '/etc/resolv.conf',
    '/etc/hosts',
  ];
  for (const file of files) copyInto(folder, file, file);
  const setting = (/** @type {string} */ name) => capture('npm', ['config', 'get', name], { cwd: '/' }).out.trim();
  copyInto(folder, setting('userconfig'), '/root/.npmrc');
  copyInto(folder, setting('globalconfig'), '/usr/local/etc/npmrc');
}

/** @param {string} folder @param {string} from @param {string} to */
function copyInto(folder, from, to) {
  if (!from || !existsSync(from)) return;
  mkdirSync(join(folder, dirname(to)), { recursive: true });
  must('cp', ['-rLT', '--remove-destination', '--preserve=mode', from, join(folder, to)]);
}

/** @param {string} folder */
function copyNode(folder) {
  const npm = dirname(dirname(realpathSync(must('sh', ['-c', 'command -v npm']).trim())));
  copyInto(folder, realpathSync(process.execPath), '/usr/local/bin/node');
  copyInto(folder, npm, '/usr/local/lib/node_modules/npm');
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/local/bin/npm'));
  symlinkSync('../lib/node_modules/npm/bin/npx-cli.js', join(folder, 'usr/local/bin/npx'));
}

/**
 * The repository's last commit, or with `workingTree` the files as they are now.
 * @param {string} root
 * @param {string} folder
 * @param {boolean} workingTree
 */
export function copyRepository(root, folder, workingTree) {
  const target = join(folder, 'root/hoplens');
  if (!workingTree) return must('git', ['clone', '--quiet', '--no-hardlinks', root, target]);
  mkdirSync(target);
  const list = 'git ls-files -z --cached --others --exclude-standard';
  return must(
    'sh',
    [
      '-c',
      `${list} | tar --create --null --ignore-failed-read --files-from=- | tar --extract --directory="$0"`,
      target,
    ],
    { cwd: root },
  );
}

/** Client settings that live in the environment. */
const PASSED =
  /^(https?_proxy|no_proxy|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|GOPROXY|GOSUMDB|GOPRIVATE|GONOSUMDB|GONOPROXY|CI)$/i;

function passedEnvironment() {
  const passed = Object.entries(process.env).filter(([name]) => PASSED.test(name));
  const go = ['GOPROXY', 'GOSUMDB', 'GOPRIVATE', 'GONOSUMDB', 'GONOPROXY'];
  const values = capture('go', ['env', ...go], { cwd: '/' });
  const fromGo = values.ok
    ? values.out.split('\n').flatMap((value, place) => (value && go[place] ? [[go[place], value]] : []))
    : [];
  return [...fromGo, ...passed].map(([name, value]) => `${name}=${value}`);
}

/** Mounted inside namespaces of their own: they go when the command ends, however it ends. */
const ENTER = `
set -e
mount --bind "$0" "$0" # ip netns exec wants / to be a mount point
mount -t proc proc "$0/proc"
mount --rbind /sys "$0/sys"
mount --rbind /dev "$0/dev"
mount -t tmpfs tmpfs "$0/run"
mount -t tmpfs tmpfs "$0/tmp"
exec chroot "$0" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
`;

/**
 * The program and options that run `command` (shell text) in the new machine.
 * @param {string} folder
 * @param {string} command
 * @returns {[string, string[]]}
 */
export function commandIn(folder, command) {
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const inside = [...passedEnvironment(), 'sh', '-c', `cd /root/hoplens && ${command}`];
  return ['unshare', [...namespaces, 'sh', '-c', ENTER, folder, ...inside]];
}

/** @param {string} folder */
export function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
