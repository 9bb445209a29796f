import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cached, cachedFolders, removeOutdated, temporaryFolder } from './cache.js';
import { APT_PATIENCE, debianSources } from './debian.js';
import { hostCommand, mustRun } from './host-command.js';

/** The first stable release whose backports have a QEMU of 10.1 or later, which `vfio-user-pci` came with. */
const RELEASE = 'trixie';
const PACKAGE = 'qemu-system-x86';
const PREFIX = 'qemu-';
/** For so long what was downloaded is taken as the newest. */
const FRESH_MS = 7 * 24 * 3_600_000;

/** How to start a QEMU. */
export interface Qemu {
  readonly version: string;
  readonly command: string;
  /** before all other arguments */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function versionOf({ command, args, env }: Omit<Qemu, 'version'>): string {
  return /version (\S+)/.exec(mustRun(command, [...args, '--version'], { env }))?.[1] ?? 'unknown';
}

/** The QEMU that is installed. @throws Error when there is none */
export function installedQemu(): Qemu {
  const qemu = { command: 'qemu-system-x86_64', args: [], env: {} };
  if (hostCommand(qemu.command, ['--version']).status !== 0) throw new Error(`${qemu.command} is not installed`);
  return { ...qemu, version: versionOf(qemu) };
}

/** Asks for this one device, since a list of all would load every module there is. The exit status says nothing. */
function isVfioUserClient({ command, args, env }: Omit<Qemu, 'version'>): boolean {
  return /^vfio-user-pci options/m.test(
    hostCommand(command, [...args, '-device', 'vfio-user-pci,help'], { env }).stdout,
  );
}

/** An unpacked QEMU of another release runs with the loader and the libraries that were unpacked with it. */
function unpackedQemu(folder: string): Qemu {
  const libraries = path.join(folder, 'usr/lib/x86_64-linux-gnu');
  const share = path.join(folder, 'usr/share');
  const qemu = {
    command: path.join(folder, 'usr/lib64/ld-linux-x86-64.so.2'),
    args: [
      ...['--library-path', libraries, path.join(folder, 'usr/bin/qemu-system-x86_64')],
      ...['-L', path.join(share, 'qemu'), '-L', path.join(share, 'seabios')],
    ],
    env: { QEMU_MODULE_DIR: path.join(libraries, 'qemu') }, // or it loads those of the installed QEMU
  };
  return { ...qemu, version: versionOf(qemu) };
}

/** An apt of its own, for another release: its lists and its idea of what is installed (nothing) are in `folder`. */
function aptOptions(folder: string): string[] {
  mkdirSync(path.join(folder, 'lists/partial'), { recursive: true });
  mkdirSync(path.join(folder, 'archives/partial'), { recursive: true });
  mkdirSync(path.join(folder, 'none'), { recursive: true });
  writeFileSync(path.join(folder, 'status'), '');
  writeFileSync(path.join(folder, 'debian.sources'), debianSources([RELEASE, `${RELEASE}-backports`]));
  const settings = {
    'Dir::State::lists': 'lists',
    'Dir::State::status': 'status',
    'Dir::State::extended_states': 'extended_states',
    'Dir::Cache': '.',
    'Dir::Cache::archives': 'archives',
    'Dir::Etc::sourcelist': 'debian.sources',
    'Dir::Etc::sourceparts': 'none',
    'Dir::Etc::preferences': 'none/preferences',
    'Dir::Etc::preferencesparts': 'none',
  };
  return [
    ...APT_PATIENCE,
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${path.join(folder, value)}`]),
    ...[
      '-o',
      'APT::Sandbox::User=root',
      '-o',
      'Acquire::Languages=none',
      '-o',
      `APT::Default-Release=${RELEASE}-backports`,
    ],
  ];
}

function download(): string {
  const work = temporaryFolder();
  try {
    const apt = aptOptions(work);
    mustRun('apt-get', [...apt, 'update'], { timeoutMs: 300_000 });
    const policy = mustRun('apt-cache', [...apt, 'policy', PACKAGE]);
    const version = /Candidate: (\S+)/.exec(policy)?.[1];
    if (version === undefined) throw new Error(`${RELEASE}-backports has no ${PACKAGE}`);
    const folder = cached(`${PREFIX}${version.replaceAll(/[^\w.+~-]/g, '-')}`, (unfinished) => {
      const install = ['install', '-y', '--no-install-recommends', '--download-only', PACKAGE];
      mustRun('apt-get', [...apt, ...install], { timeoutMs: 600_000 });
      const archives = path.join(work, 'archives');
      for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
        mustRun('dpkg-deb', ['-x', path.join(archives, file), unfinished]);
      }
    });
    utimesSync(folder, new Date(), new Date());
    removeOutdated(PREFIX, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * A QEMU that has the vfio-user client: the installed one if it does, or the one of Debian's backports, unpacked into the cache and never
 * installed. It needs no privileges.
 *
 * @throws Error with the reason
 */
export function provideVfioUserQemu(installed: Qemu): Qemu {
  if (isVfioUserClient(installed)) return installed;
  const last = cachedFolders(PREFIX)[0];
  const isFresh = last !== undefined && Date.now() - statSync(last).mtimeMs < FRESH_MS;
  let folder = last;
  try {
    if (!isFresh) folder = download();
  } catch (error) {
    if (folder === undefined) throw error;
  }
  const qemu = unpackedQemu(folder);
  if (!isVfioUserClient(qemu)) throw new Error(`QEMU ${qemu.version} of ${RELEASE}-backports has no vfio-user-pci`);
  return qemu;
}
