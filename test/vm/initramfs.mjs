// The few megabytes that a guest starts from: busybox, the modules that reach the host's files, and
// two scripts.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onPath } from '../setup/needs.mjs';
import { must } from '../setup/say.mjs';

/** What 9p over virtio and a writable layer on top need. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay'];

/**
 * @param {import('./kernels.mjs').Kernel} kernel
 * @returns {string[]} files of the modules and of what they depend on, in loading order
 */
function moduleFiles({ release, modules }) {
  // modprobe looks below ROOT/lib/modules/RELEASE.
  const base = dirname(dirname(dirname(modules)));
  const files = MODULES.flatMap((name) => {
    const text = must(join(onPath('modprobe') ?? '', 'modprobe'), ['-d', base, '-S', release, '--show-depends', name]);
    return [...text.matchAll(/^insmod (\S+)/gm)].map((match) => match[1] ?? '');
  });
  return [...new Set(files)];
}

/** The first program: reaches the host's root, lays a writable layer over it, goes there. */
const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /host /layer /root
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in $(/bin/busybox cat /modules/order); do
  /bin/busybox insmod /modules/$module || echo "init: $module does not load"
done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose host /host
/bin/busybox mount -t tmpfs -o size=60% tmpfs /layer
/bin/busybox mkdir /layer/upper /layer/work
/bin/busybox mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /root
/bin/busybox mount -t tmpfs tmpfs /root/run
/bin/busybox cp /guest.sh /root/run/guest.sh
exec /bin/busybox switch_root /root /bin/bash /run/guest.sh
`;

/**
 * @param {string} work an empty folder
 * @param {import('./kernels.mjs').Kernel} kernel
 * @param {string} guest shell text that runs as process 1 in the guest
 * @returns {string} file of the packed initramfs
 */
export function makeInitramfs(work, kernel, guest) {
  const tree = join(work, 'initramfs');
  for (const folder of ['bin', 'dev', 'modules']) mkdirSync(join(tree, folder), { recursive: true });
  copyFileSync(kernel.busybox, join(tree, 'bin/busybox'));
  writeFileSync(join(tree, 'modules/order'), copyModules(kernel, tree).join('\n'));
  writeFileSync(join(tree, 'guest.sh'), guest);
  writeFileSync(join(tree, 'init'), INIT);
  chmodSync(join(tree, 'init'), 0o755);
  const file = join(work, 'initramfs.cpio');
  must('sh', ['-c', 'find . | cpio --quiet -o -H newc > "$0"', file], { cwd: tree });
  return file;
}

/** @param {import('./kernels.mjs').Kernel} kernel @param {string} tree @returns {string[]} names in loading order */
function copyModules(kernel, tree) {
  return moduleFiles(kernel).map((file) => {
    const name = basename(file).replace(/\.xz$/, '');
    // busybox loads no compressed modules.
    if (file.endsWith('.xz')) must('sh', ['-c', 'xz -dc "$0" > "$1"', file, join(tree, 'modules', name)]);
    else writeFileSync(join(tree, 'modules', name), readFileSync(file));
    return name;
  });
}
