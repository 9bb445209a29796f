import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Archive } from './archive.js';
import { cached, removeOutdated, temporaryFolder } from './cache.js';
import { hostCommand, mustRun } from './host-command.js';
import type { Kernel } from './kernel.js';
import { sharedLibraries } from './shared-libraries.js';

const PREFIX = 'base-';

/** What a guest can load; with what each of them needs. Some are built into some kernels. */
const MODULES = [
  ...['virtio_pci', 'virtio_console', 'virtio_net', 'virtio_blk'],
  ...['nvme', 'vfio-pci', 'vfio_iommu_type1'],
  ...['ext4', 'crc32c_generic', 'crc32c-intel', 'loop'],
  ...['nvme-fabrics', 'nvme-tcp', 'nvmet', 'nvmet-tcp', 'null_blk', 'brd'],
];

/** Programs of this machine, besides the node that runs the tests, and the places they are found under in the guest. */
const PROGRAMS: readonly (readonly [file: string, ...places: string[]])[] = [
  ['/bin/busybox', '/bin/busybox'],
  ['/bin/kmod', '/bin/kmod'],
  ['/usr/sbin/nvme', '/usr/sbin/nvme'],
  ['/usr/bin/fio', '/usr/bin/fio'],
  ['/sbin/mke2fs', '/sbin/mke2fs', '/sbin/mkfs.ext4'],
  ['/sbin/e2fsck', '/sbin/e2fsck', '/sbin/fsck.ext4'],
  ['/sbin/dumpe2fs', '/sbin/dumpe2fs'],
  ['/sbin/tune2fs', '/sbin/tune2fs'],
];
const KMOD_NAMES = ['modprobe', 'insmod', 'rmmod', 'lsmod', 'depmod', 'modinfo'];
const HOST_NQN_UUID = '6f2a63f2-4c38-4f5c-9a7b-0d6c1f7e2a55';

/** Changes whenever something does that the image is made of. */
function key(kernel: Kernel): string {
  const sum = createHash('sha256');
  const own = [fileURLToPath(import.meta.url), fileURLToPath(new URL('./archive.ts', import.meta.url))];
  for (const file of own) sum.update(readFileSync(file));
  sum.update(`${path.basename(kernel.root)} ${kernel.release} ${statSync(kernel.image).mtimeMs} ${process.version}`);
  for (const file of [process.execPath, ...PROGRAMS.map(([program]) => program)]) {
    for (const part of [realpathSync(file), ...sharedLibraries(realpathSync(file))]) {
      const { size, mtimeMs } = statSync(part);
      sum.update(`\n${part} ${size} ${mtimeMs}`);
    }
  }
  return sum.digest('hex').slice(0, 16);
}

function addProgram(archive: Archive, file: string, [place, ...links]: readonly string[]): void {
  const real = realpathSync(file);
  archive.hostFile(place, real, 0o755);
  for (const link of links) archive.link(link, place);
  for (const library of sharedLibraries(real)) archive.hostFile(library, library, 0o755);
}

function addPrograms(archive: Archive): void {
  for (const applet of mustRun('/bin/busybox', ['--list']).trim().split('\n'))
    archive.link(`/bin/${applet}`, 'busybox');
  archive.link('/usr/bin/env', '/bin/busybox');
  for (const name of KMOD_NAMES) {
    archive.link(`/bin/${name}`, 'kmod');
    archive.link(`/sbin/${name}`, '/bin/kmod'); // where the kernel looks for modprobe
  }
  for (const [file, ...places] of PROGRAMS) addProgram(archive, file, places);
  addProgram(archive, process.execPath, ['/usr/bin/node']);
}

/** The files of the wanted modules and of those they need, below `lib/modules`. */
function moduleFiles(kernel: Kernel): string[] {
  const files = MODULES.flatMap((module) => {
    const shown = ['-d', kernel.root, '-S', kernel.release, '--show-depends', module];
    const { stdout } = hostCommand('/sbin/modprobe', shown);
    return [...stdout.matchAll(/^insmod (\S+)/gm)].map((match) => match[1]);
  });
  return [...new Set(files)].map((file) => file.slice(file.indexOf('/lib/modules/') + 1));
}

/** The modules and, made anew for these alone, the indexes that modprobe reads. */
function addModules(archive: Archive, kernel: Kernel): void {
  const folder = `lib/modules/${kernel.release}`;
  const builtin = ['modules.builtin', 'modules.builtin.modinfo', 'modules.order'].map((name) => `${folder}/${name}`);
  const staged = temporaryFolder();
  try {
    for (const file of [...moduleFiles(kernel), ...builtin]) {
      mkdirSync(path.join(staged, path.dirname(file)), { recursive: true });
      mustRun('cp', ['-L', path.join(kernel.root, file), path.join(staged, file)]);
    }
    mustRun('/sbin/depmod', ['-b', staged, kernel.release]);
    for (const entry of readdirSync(staged, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      const place = path.relative(staged, file);
      if (entry.isFile()) archive.file(place, readFileSync(file));
    }
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

function build(kernel: Kernel, file: string): void {
  const archive = new Archive();
  const folders = ['proc', 'sys', 'dev', 'tmp', 'run', 'root', 'mnt', 'job', 'var/lock'];
  for (const folder of folders) archive.folder(folder);
  addPrograms(archive);
  addModules(archive, kernel);
  archive.file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n').file('/etc/group', 'root:x:0:\n');
  archive.file('/etc/hosts', '127.0.0.1 localhost\n').link('/etc/mtab', '/proc/self/mounts');
  archive.hostFile('/etc/mke2fs.conf', '/etc/mke2fs.conf');
  archive.file('/etc/nvme/hostid', `${HOST_NQN_UUID}\n`);
  archive.file('/etc/nvme/hostnqn', `nqn.2014-08.org.nvmexpress:uuid:${HOST_NQN_UUID}\n`);
  archive.write(file);
}

/**
 * The part of a guest's first file system that does not change with our sources, as a cpio archive: programs, libraries, kernel modules.
 * Not compressed: unpacking costs the guest more than loading costs QEMU.
 */
export function provideBaseImage(kernel: Kernel): string {
  const folder = cached(`${PREFIX}${key(kernel)}`, (unfinished) => build(kernel, path.join(unfinished, 'base.cpio')));
  removeOutdated(PREFIX, folder);
  return path.join(folder, 'base.cpio');
}
