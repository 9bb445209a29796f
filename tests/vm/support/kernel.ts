import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { cached, cachedFolders, removeOutdated, temporaryFolder } from './cache.js';
import { APT_PATIENCE, debianRelease, mayInstall } from './debian.js';
import { hostCommand, mustRun } from './host-command.js';

/** Always depends on the newest kernel package for virtual machines, whose name changes with security updates. */
const META_PACKAGE = 'linux-image-cloud-amd64';
const PREFIX = 'kernel-';

/** A kernel, laid out as Debian's packages unpack: `boot/vmlinuz-<release>`, `boot/config-<release>`, `lib/modules/<release>`. */
export interface Kernel {
  /** as `uname -r` says it in the guest */
  readonly release: string;
  readonly image: string;
  /** folder with `lib/modules/<release>` in it, for `modprobe -d` */
  readonly root: string;
  /** what it was configured with, built in or as a module, such as `IOMMUFD` */
  readonly options: readonly string[];
}

function kernelAt(folder: string): Kernel {
  const release = readdirSync(path.join(folder, 'lib/modules'))[0];
  const config = readFileSync(path.join(folder, 'boot', `config-${release}`), 'utf8');
  const options = [...config.matchAll(/^CONFIG_(\w+)=[ym]$/gm)].map((match) => match[1]);
  return { release, image: path.join(folder, 'boot', `vmlinuz-${release}`), root: folder, options };
}

/** The newest kernel package that apt knows, and its version. */
function newest(): { name: string; version: string } {
  const name = /Depends: (linux-image-\S+)/.exec(hostCommand('apt-cache', ['depends', META_PACKAGE]).stdout)?.[1];
  const policy = name === undefined ? '' : hostCommand('apt-cache', ['policy', name]).stdout;
  const version = /Candidate: (\d\S*)/.exec(policy)?.[1];
  if (name !== undefined && version !== undefined) return { name, version };
  throw new Error(`apt does not know ${META_PACKAGE}; to update its lists: apt-get update`);
}

function download(name: string, folder: string): void {
  const work = temporaryFolder();
  try {
    mustRun('apt-get', [...APT_PATIENCE, '-o', 'APT::Sandbox::User=root', 'download', name], {
      cwd: work,
      timeoutMs: 300_000,
    });
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'))!;
    mustRun('dpkg-deb', ['-x', path.join(work, archive), folder]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  // Since Debian 13 the modules are below /usr alone, and are found through a link that another package has.
  if (!existsSync(path.join(folder, 'lib'))) symlinkSync('usr/lib', path.join(folder, 'lib'));
  mustRun('/sbin/depmod', ['-b', folder, readdirSync(path.join(folder, 'lib/modules'))[0]]);
}

function provideNewest(): Kernel {
  const { name, version } = newest();
  const folder = cached(`${PREFIX}${name}_${version.replaceAll(/[^\w.+~-]/g, '-')}`, (unfinished) =>
    download(name, unfinished),
  );
  removeOutdated(PREFIX, folder);
  return kernelAt(folder);
}

/**
 * The kernel that the guests run: the one in the folder that `PHASEBIT_VM_KERNEL` names; or Debian's newest for virtual machines; or the last
 * one downloaded when apt cannot name or fetch that.
 *
 * @throws Error with the reason
 */
export function provideKernel(): Kernel {
  const own = process.env['PHASEBIT_VM_KERNEL'];
  if (own !== undefined) return kernelAt(path.resolve(own));
  debianRelease();
  try {
    return provideNewest();
  } catch (error) {
    const last = cachedFolders(PREFIX)[0];
    if (last !== undefined) return kernelAt(last);
    if (!mayInstall()) throw error;
  }
  // Never updated, or for so long that the mirror no longer has what the lists name.
  mustRun('apt-get', [...APT_PATIENCE, 'update'], { timeoutMs: 300_000 });
  return provideNewest();
}
