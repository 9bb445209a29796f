// Builds a kernel for the guests from Debian's own source package, with what Debian's kernels leave out: iommufd (iommufd.config).
//   node tests/vm/kernel/build.mjs FOLDER [--emulated]
// Then: PHASEBIT_VM_KERNEL=FOLDER npm run test:vm -- tests/vm/vfio-*.vm.ts
// --emulated builds one whose /dev/vfio/vfio is emulated by iommufd. By hand only, never in continuous integration: the download has 150 MB,
// FOLDER gets 2 GB, and compiling takes ten minutes of a processor. A second run into the same FOLDER goes on from there.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = 'linux-source-6.12';
const SUITE = 'trixie';
const TOOLS = { gcc: 'gcc', make: 'make', flex: 'flex', bison: 'bison', bc: 'bc', xz: 'xz-utils' };
const HEADERS = { '/usr/include/libelf.h': 'libelf-dev', '/usr/include/openssl/ssl.h': 'libssl-dev' };
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const [folder] = process.argv.slice(2).filter((each) => !each.startsWith('--'));
const isEmulated = process.argv.includes('--emulated');
if (folder === undefined) fail('usage: node tests/vm/kernel/build.mjs FOLDER [--emulated]');
const root = path.resolve(folder);
const source = path.join(root, 'source');
const output = path.join(root, isEmulated ? 'build-emulated' : 'build');

function fail(why) {
  console.error(why);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed: ${error?.message ?? `status ${status}`}`);
  return stdout;
}

function requireTools() {
  const missing = [
    ...Object.keys(TOOLS).filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0),
    ...Object.keys(HEADERS).filter((file) => !existsSync(file)),
  ].map((each) => TOOLS[each] ?? HEADERS[each]);
  if (missing.length > 0) fail(`missing; to install: apt-get install ${missing.join(' ')}`);
}

/** The mirror that this machine's own apt sources name for its own release. */
function ownMirror() {
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const fields = '$(REPO_URI) $(CODENAME) $(COMPONENT)';
  const targets = run('apt-get', ['indextargets', '--format', fields, 'Created-By: Packages']).split('\n');
  const own = targets.map((line) => line.split(' ')).find(([, suite, part]) => suite === release && part === 'main');
  return own?.[0] ?? fail(`no apt source of this machine has ${release}, component main`);
}

/** An apt of its own, for a release that need not be this machine's: nothing is installed, and no privileges are needed. */
function download() {
  const work = path.join(root, 'apt');
  for (const each of ['lists/partial', 'archives/partial', 'none'])
    mkdirSync(path.join(work, each), { recursive: true });
  const mirror = ownMirror();
  const signed = existsSync(KEYRING) ? `Signed-By: ${KEYRING}\n` : '';
  const sources = path.join(work, 'debian.sources');
  writeFileSync(sources, `Types: deb\nURIs: ${mirror}\nSuites: ${SUITE}\nComponents: main\n${signed}`);
  writeFileSync(path.join(work, 'status'), '');
  const places = {
    'Dir::State::lists': 'lists',
    'Dir::State::status': 'status',
    'Dir::Cache': '.',
    'Dir::Etc::sourcelist': 'debian.sources',
    'Dir::Etc::sourceparts': 'none',
    'Dir::Etc::preferencesparts': 'none',
  };
  const options = Object.entries(places).flatMap(([name, place]) => ['-o', `${name}=${path.join(work, place)}`]);
  const own = [...options, '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Languages=none'];
  run('apt-get', [...own, 'update']);
  run('apt-get', [...own, 'download', PACKAGE], { cwd: work });
  const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
  mkdirSync(source, { recursive: true });
  const tarball = `./usr/src/${PACKAGE}.tar.xz`;
  const unpack =
    'set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar xO "$2" | xz -dc | tar x -C "$3" --strip-components=1';
  run('bash', ['-c', unpack, 'bash', path.join(work, archive), tarball, source]);
  rmSync(work, { recursive: true });
}

/** Options of which another one is a condition vanish without a word: each is looked for. */
function configure() {
  const wanted = ['iommufd.config', ...(isEmulated ? ['emulated-container.config'] : [])]
    .map((name) => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8'))
    .join('\n');
  mkdirSync(output, { recursive: true });
  const fragment = path.join(output, 'fragment');
  writeFileSync(fragment, wanted);
  run('make', ['-C', source, `O=${output}`, `KCONFIG_ALLCONFIG=${fragment}`, 'allnoconfig']);
  const got = readFileSync(path.join(output, '.config'), 'utf8').split('\n');
  const last = new Map(
    wanted.split('\n').flatMap((line) => {
      const name = /^(?:# )?(CONFIG_\w+)[ =]/.exec(line)?.[1];
      return name === undefined ? [] : [[name, line]];
    }),
  );
  const lost = [...last.values()].filter((line) => line.endsWith('=y') && !got.includes(line));
  if (lost.length > 0) fail(`the kernel's configuration did not take:\n${lost.join('\n')}`);
}

/** Laid out as Debian's kernel packages unpack. There are no modules, but modprobe wants to know what is built in. */
function install() {
  const release = run('make', ['-s', '-C', source, `O=${output}`, 'kernelrelease']).trim();
  const place = path.join(root, isEmulated ? 'kernel-emulated' : 'kernel');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(path.join(place, 'boot'), { recursive: true });
  mkdirSync(path.join(place, 'lib/modules', release), { recursive: true });
  copyFileSync(path.join(output, 'arch/x86/boot/bzImage'), path.join(place, 'boot', `vmlinuz-${release}`));
  copyFileSync(path.join(output, '.config'), path.join(place, 'boot', `config-${release}`));
  for (const name of ['modules.builtin', 'modules.builtin.modinfo'])
    copyFileSync(path.join(output, name), path.join(place, 'lib/modules', release, name));
  writeFileSync(path.join(place, 'lib/modules', release, 'modules.order'), '');
  return place;
}

requireTools();
mkdirSync(root, { recursive: true });
if (!existsSync(path.join(source, 'Makefile'))) download();
configure();
console.log(`configured as ${output}/.config; compiling`);
run('make', ['-C', source, `O=${output}`, `-j${availableParallelism()}`, 'bzImage']);
console.log(`PHASEBIT_VM_KERNEL=${install()}`);
