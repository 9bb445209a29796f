// The Debian packages that the guest tests (tests/vm) and the tests on QEMU's own controller (tests/qtest) use, as listed in
// tests/vm/packages.json. Says in one line what is there and what it did:
//   node scripts/vm-packages.mjs [--install]
// What is missing is installed only by root, and only with --install, PHASEBIT_VM_INSTALL=1 or CI=true; otherwise the command that
// installs it is printed. The exit status is 0 either way: without the packages those tests are skipped, and say so.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readJson } from './workspace.mjs';

const NEEDED = readJson('tests/vm/packages.json');
// Another apt on the same machine is waited for; a mirror that does not answer is not.
const PATIENCE = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];
// Without this a mirror that cannot be reached is a warning, and what is missing for lack of lists would be all that is told.
const UPDATE = ['-o', 'APT::Update::Error-Mode=any', 'update'];
const INSTALL = ['install', '-y', '--no-install-recommends'];
const LIMIT_MS = 600_000;

const allowed =
  process.argv.includes('--install') || process.env.PHASEBIT_VM_INSTALL === '1' || process.env.CI === 'true';

/** The plain busybox has the same file, with fewer applets and with libraries: ldd succeeds on it. */
function isMissing(name) {
  if (!NEEDED[name].every((file) => existsSync(file))) return true;
  return name === 'busybox-static' && spawnSync('ldd', NEEDED[name]).status === 0;
}

function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const { status, stdout, stderr, error } = spawnSync('apt-get', [...PATIENCE, ...args], {
    encoding: 'utf8',
    env,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  if (status === 0) return undefined;
  // The lines of apt that say what is wrong, or the last ones of whatever there is.
  const lines = `${stdout ?? ''}\n${stderr ?? ''}`.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => line.startsWith('E: '));
  return error?.message ?? (errors.length > 0 ? errors : lines).slice(-3).join('; ');
}

function whatWasDone() {
  const missing = Object.keys(NEEDED).filter(isMissing);
  if (process.platform !== 'linux') return 'nothing to install: guest tests need Linux';
  if (missing.length === 0) return `installed: ${Object.keys(NEEDED).join(', ')}`;
  const command = `apt-get ${INSTALL.join(' ')} ${missing.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) return `missing and no apt-get to install with: ${missing.join(', ')}`;
  if (!allowed || process.getuid() !== 0) {
    return `missing: ${missing.join(', ')}; to install: ${process.getuid() === 0 ? '' : 'sudo '}${command}`;
  }
  const started = performance.now();
  // An update fails as a whole when one of the machine's sources does, and what is wanted here may come from another one.
  const updateFailure = aptGet(UPDATE);
  const failure = aptGet([...INSTALL, ...missing]);
  if (failure !== undefined) return `could not install ${missing.join(', ')}: ${updateFailure ?? failure}`;
  const still = missing.filter(isMissing);
  if (still.length > 0) return `apt has installed ${still.join(', ')}, but files of it are still missing`;
  return `installed ${missing.join(', ')} in ${((performance.now() - started) / 1000).toFixed(1)} s`;
}

console.log(`vm-packages: ${whatWasDone()}`);
